// Command hello is the least a Go program can do: what a command line tool in
// Go is compared to.
package main

import "fmt"

func main() {
	fmt.Println("hello, world")
}
