package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"
)

// fetch prints what is served at a URL, for scripts, and ends with 1 if nothing is. With an
// expression it waits until that matches: fetch URL [REGEXP]
func fetch() {
	text, err := fetched(os.Args[1])
	if len(os.Args) > 2 {
		re := regexp.MustCompile("(?m)" + os.Args[2])
		for end := time.Now().Add(time.Minute); !re.Match(text) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			text, err = fetched(os.Args[1])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(text)
}

func fetched(url string) ([]byte, error) {
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", answer.Status)
	}
	return io.ReadAll(answer.Body)
}
