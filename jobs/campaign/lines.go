package campaign

import (
	"bufio"
	"errors"
	"io"
)

// lineEnds are the characters that end a file's lines.
type lineEnds int

const (
	plainEnds   lineEnds = iota // LF or CR LF
	strayCR                     // LF, with a CR before or after it that belongs to it
	onlyCR                      // CR alone: old Macs
	unicodeEnds                 // U+0085, U+2028 or U+2029
)

// lineReader gives UTF-8 text with LF for every other line end.
type lineReader struct {
	in   *bufio.Reader
	ends lineEnds

	held    int  // CRs that were read and belong to the text
	afterLF bool // a CR that comes now belongs to the LF before it
}

func newLineReader(in io.Reader, ends lineEnds) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, 64<<10), ends: ends}
}

func (l *lineReader) Read(p []byte) (int, error) {
	for n := range p {
		b, err := l.next()
		if err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				err = nil // it comes again
			}
			return n, err
		}
		p[n] = b
	}
	return len(p), nil
}

func (l *lineReader) next() (byte, error) {
	switch l.ends {
	case onlyCR:
		return l.afterCR()
	case unicodeEnds:
		return l.separator()
	}
	return l.besideLF()
}

// afterCR gives LF for CR, and for CR LF.
func (l *lineReader) afterCR() (byte, error) {
	b, err := l.in.ReadByte()
	if err != nil || b != '\r' {
		return b, err
	}
	if next, err := l.in.Peek(1); err == nil && next[0] == '\n' {
		_, _ = l.in.Discard(1)
	}
	return '\n', nil
}

// separator gives LF for the line ends that only Unicode has.
func (l *lineReader) separator() (byte, error) {
	b, err := l.in.ReadByte()
	if err != nil || b != 0xC2 && b != 0xE2 {
		return b, err
	}
	switch rest, _ := l.in.Peek(2); {
	case b == 0xC2 && len(rest) > 0 && rest[0] == 0x85:
		_, _ = l.in.Discard(1)
		return '\n', nil
	case b == 0xE2 && len(rest) == 2 && rest[0] == 0x80 && (rest[1] == 0xA8 || rest[1] == 0xA9):
		_, _ = l.in.Discard(2)
		return '\n', nil
	}
	return b, nil
}

// besideLF leaves out the CRs before and after an LF.
func (l *lineReader) besideLF() (byte, error) {
	if l.held > 0 {
		l.held--
		return '\r', nil
	}
	for {
		b, err := l.in.ReadByte()
		if err != nil {
			return b, err
		}
		if b != '\r' {
			l.afterLF = b == '\n'
			return b, nil
		}
		run := 1
		next, err := l.in.Peek(1)
		for ; err == nil && next[0] == '\r'; next, err = l.in.Peek(1) {
			_, _ = l.in.Discard(1)
			run++
		}
		if l.afterLF || err != nil || next[0] == '\n' {
			continue
		}
		l.held = run - 1
		return '\r', nil
	}
}
