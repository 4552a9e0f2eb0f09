package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// fetch prints what is served at a URL, for scripts, and ends with 1 if nothing is:
// fetch URL
func fetch() {
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get(os.Args[1])
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %s", answer.Status)
	}
	if err == nil {
		_, err = io.Copy(os.Stdout, answer.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
