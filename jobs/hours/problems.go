package hours

import (
	"errors"
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// Problem is what is wrong with one of the settings.
type Problem struct {
	Setting string // as its option is called: start-at, window, limit, holidays, remind-after
	Text    lang.Text
}

func (p *Problem) Error() string { return p.Setting + ": " + p.Text.String() }

func problem(setting string, text lang.Text) error { return &Problem{setting, text} }

// Problems are what is wrong with some settings, all at once.
type Problems []*Problem

func (all Problems) Error() string {
	words := make([]string, len(all))
	for i, p := range all {
		words[i] = p.Error()
	}
	return strings.Join(words, "; ")
}

// Unwrap are the single ones.
func (all Problems) Unwrap() []error {
	errs := make([]error, len(all))
	for i, p := range all {
		errs[i] = p
	}
	return errs
}

// add takes an error of a single setting, or none.
func (all *Problems) add(err error) {
	if p, ok := errors.AsType[*Problem](err); ok {
		*all = append(*all, p)
	}
}

// err is nil where nothing is wrong.
func (all Problems) err() error {
	if len(all) == 0 {
		return nil
	}
	return all
}
