package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/term"
)

// logger writes what happens to standard error: text on a terminal, JSON otherwise.
func (s *system) logger(level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if s.terminal {
		return slog.New(slog.NewTextHandler(s.stderr, o))
	}
	return slog.New(slog.NewJSONHandler(s.stderr, o))
}

// silent keeps the Redis library from writing to standard error by itself: what fails is
// returned to its callers as well.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// screen is a writer that something else may draw on: while there is a painter, whole
// lines go through it, so that they do not tear what it has drawn. What is wider than a terminal
// is broken between words.
type screen struct {
	mu      sync.Mutex
	under   io.Writer
	painter func(line string)
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.painter == nil {
		if _, err := io.WriteString(s.under, fitted(string(p), s.width())); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	s.painter(string(bytes.TrimRight(p, "\n")))
	return len(p), nil
}

// width is how wide the terminal is; 0: it is none.
func (s *screen) width() int { return widthOf(s.under) }

// widthOf is how wide the terminal is that a writer leads to; 0: it leads to none.
func widthOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// give makes a painter draw; nil takes the screen back.
func (s *screen) give(painter func(line string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.painter = painter
}
