package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// confirm asks the person at the terminal. A script cannot be asked: its command line is
// its answer.
func (s *system) confirm(ctx context.Context, question lang.Text) error {
	if s.stdin == nil {
		return nil
	}
	fmt.Fprint(s.stderr, s.language.Say(lang.Of("%v [y/N] ", question)))
	said := make(chan string, 1)
	go func() { // ends with the process, if nobody answers
		line, _ := bufio.NewReader(io.LimitReader(s.stdin, 64)).ReadString('\n')
		said <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-said:
		if !slices.Contains([]string{"y", "yes", "s", "sim"}, answer) {
			return usage("not confirmed: nothing was done")
		}
		return nil
	}
}
