// Package guard keeps a panic in a goroutine from ending the process. Who serves a request or works
// on a task recovers what panics there; a goroutine that it starts is out of its reach.
package guard

import (
	"fmt"
	"runtime"
	"strings"
)

// PanicError says where something has panicked. What it panicked with may hold personal data, and is
// not kept.
type PanicError struct{ At string }

func (e *PanicError) Error() string { return "panic at " + e.At }

// Panics is f with its panic as an error.
func Panics(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if recover() != nil {
				err = &PanicError{origin()}
			}
		}()
		return f()
	}
}

// origin is the function and the line that has panicked: the first after the runtime's own.
func origin() string {
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])]) // without this package's two
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}
