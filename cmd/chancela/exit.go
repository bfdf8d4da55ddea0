package main

import (
	"errors"
	"fmt"

	"github.com/chancela/chancela/providers/lang"
)

// Exit statuses of all commands.
const (
	exitOK          = 0
	exitError       = 1   // something went wrong
	exitUsage       = 2   // wrong usage, wrong configuration or invalid input: nothing was enqueued
	exitUnfinished  = 3   // the work is over, and some envelope ended in a state other than archived, or some row was left out
	exitInterrupted = 130 // by a signal; what was done is kept
)

// exitStatus is the block at the end of the help texts.
const exitStatus = `
EXIT STATUS
  0    done, and nothing is wrong
  1    an error
  2    wrong usage or configuration, or invalid input: nothing was enqueued of it
  3    the work is over, and some envelope ended in a state other than archived, or some row was left out
  130  interrupted; what was done is kept`

// exitErr is an error that says with which status the process ends. A nil cause ends it
// without a word: all has been said.
type exitErr struct {
	status int
	err    error
	each   []lang.Text // the mistakes that it is about, where there are several: people read them one a line
}

func (e *exitErr) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

// Said is the error for people.
func (e *exitErr) Said() lang.Text {
	if e.err == nil {
		return lang.Plain(e.Error())
	}
	return lang.Of("%v", e.err)
}

func (e *exitErr) Unwrap() error { return e.err }

// usage is an error of the one who called: exit status 2.
func usage(format string, args ...any) error {
	return &exitErr{status: exitUsage, err: lang.Errorf(format, args...)}
}

// quietly ends the process with a status and without a word.
func quietly(status int) error {
	if status == exitOK {
		return nil
	}
	return &exitErr{status: status}
}

// statusOf is the exit status of an error: the nearest one in its chain.
func statusOf(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[*exitErr](err); ok {
		return e.status
	}
	return exitError
}
