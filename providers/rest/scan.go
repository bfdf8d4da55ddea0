package rest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// Limits of what stands around a file in a JSON answer. Choices.
const (
	scanDepth  = 64
	scanKey    = 4 << 10 // bytes of a field's name or of a scalar that is kept
	scanFields = 64      // scalars kept
	scanNamed  = 3       // levels whose scalars are kept
)

var (
	errNotJSON = errors.New("the answer is not JSON")
	errCut     = errors.New("the answer is cut")
	errDeep    = errors.New("the answer is nested too deeply")
	errLong    = errors.New("the answer holds a name or a number that is too long")
)

// scanner walks through a JSON object in constant memory and stops inside the string
// at its path. encoding/json would take the whole string for one token.
type scanner struct {
	r      *bufio.Reader
	path   []string
	fields map[string]any

	read  int64 // bytes outside of the string
	begun bool
	open  int  // objects that are open, all on the path
	first bool // nothing has been read of the innermost one
}

func newScanner(r io.Reader, path []string) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 32<<10), path: path, fields: make(map[string]any)}
}

// find goes on to the string at the path and stops after its opening quote, or
// reports false at the end of the answer.
func (s *scanner) find() (bool, error) {
	if !s.begun {
		s.begun = true
		if err := s.expect('{'); err != nil {
			return false, err
		}
		s.open, s.first = 1, true
	}
	for s.open > 0 {
		key, more, err := s.member(&s.first)
		if err != nil {
			return false, err
		}
		if !more {
			s.open--
			s.first = false
			continue
		}
		c, err := s.token()
		if err != nil {
			return false, err
		}
		onPath := key == s.path[s.open-1]
		switch {
		case onPath && s.open == len(s.path) && c == '"':
			return true, nil
		case onPath && s.open < len(s.path) && c == '{':
			s.open++
			s.first = true
		default:
			if err := s.value(c, s.name(key), s.open); err != nil {
				return false, err
			}
		}
	}
	switch _, err := s.token(); {
	case err == errCut:
		return false, nil
	case err != nil:
		return false, err
	}
	return false, errNotJSON
}

// name is the dotted name of a field of the innermost open object.
func (s *scanner) name(key string) string {
	name := ""
	for _, p := range s.path[:s.open-1] {
		name += p + "."
	}
	return name + key
}

// member reads up to the value of an object's next member, or its end.
func (s *scanner) member(first *bool) (key string, more bool, err error) {
	c, err := s.token()
	if err != nil || c == '}' {
		return "", false, err
	}
	if !*first {
		if c != ',' {
			return "", false, errNotJSON
		}
		if c, err = s.token(); err != nil {
			return "", false, err
		}
	}
	*first = false
	if c != '"' {
		return "", false, errNotJSON
	}
	text, whole, err := s.text()
	if err != nil {
		return "", false, err
	}
	if !whole {
		return "", false, errLong
	}
	return text, true, s.expect(':')
}

// value reads over a value that begins with c and keeps its scalars. Without a name
// nothing is kept.
func (s *scanner) value(c byte, name string, depth int) error {
	if depth > scanDepth {
		return errDeep
	}
	switch c {
	case '"':
		text, whole, err := s.text()
		if whole {
			s.keep(name, text)
		}
		return err
	case '{':
		return s.object(name, depth)
	case '[':
		return s.array(depth)
	}
	return s.literal(c, name)
}

func (s *scanner) object(name string, depth int) error {
	for first := true; ; {
		key, more, err := s.member(&first)
		if err != nil || !more {
			return err
		}
		c, err := s.token()
		if err != nil {
			return err
		}
		inner := ""
		if name != "" && depth < scanNamed {
			inner = name + "." + key
		}
		if err := s.value(c, inner, depth+1); err != nil {
			return err
		}
	}
}

func (s *scanner) array(depth int) error {
	for first := true; ; first = false {
		c, err := s.token()
		if err != nil || c == ']' {
			return err
		}
		if !first {
			if c != ',' {
				return errNotJSON
			}
			if c, err = s.token(); err != nil {
				return err
			}
		}
		if err := s.value(c, "", depth+1); err != nil {
			return err
		}
	}
}

// literal is a number, true, false or null.
func (s *scanner) literal(c byte, name string) error {
	text := []byte{c}
	for {
		next, err := s.next()
		if err != nil {
			return err
		}
		switch next {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			s.read--
			if err := s.r.UnreadByte(); err != nil {
				return err
			}
			if !json.Valid(text) {
				return errNotJSON
			}
			switch string(text) {
			case "true", "false":
				s.keep(name, c == 't')
			case "null":
				s.keep(name, nil)
			default:
				s.keep(name, json.Number(text))
			}
			return nil
		}
		if text = append(text, next); len(text) > scanKey {
			return errLong
		}
	}
}

func (s *scanner) keep(name string, value any) {
	if _, there := s.fields[name]; name != "" && (there || len(s.fields) < scanFields) {
		s.fields[name] = value
	}
}

// text reads a string after its opening quote; whole is false for one that is too
// long to keep.
func (s *scanner) text() (text string, whole bool, err error) {
	raw := []byte{'"'}
	for escaped := false; ; {
		c, err := s.next()
		if err != nil {
			return "", false, err
		}
		if len(raw) <= scanKey {
			raw = append(raw, c)
		}
		if c == '"' && !escaped {
			break
		}
		escaped = c == '\\' && !escaped
	}
	if len(raw) > scanKey {
		return "", false, nil
	}
	if json.Unmarshal(raw, &text) != nil {
		return "", false, errNotJSON
	}
	return text, true, nil
}

// char is the next character inside the string at the path; quoted tells that it was
// escaped. Only ASCII may stand there.
func (s *scanner) char() (c byte, quoted bool, err error) {
	c, err = s.raw()
	if err != nil || c != '\\' {
		if err == nil && (c < ' ' || c >= 0x80) {
			err = errNotJSON
		}
		return c, false, err
	}
	if c, err = s.raw(); err != nil {
		return 0, true, err
	}
	switch c {
	case '/', '\\', '"':
		return c, true, nil
	case 'n':
		return '\n', true, nil
	case 'r':
		return '\r', true, nil
	case 'u':
		var code uint32
		for range 4 {
			if c, err = s.raw(); err != nil {
				return 0, true, err
			}
			digit, ok := hexDigit(c)
			if !ok {
				return 0, true, errNotJSON
			}
			code = code<<4 | digit
		}
		if code < 0x80 {
			return byte(code), true, nil
		}
	}
	return 0, true, errNotJSON
}

func hexDigit(c byte) (uint32, bool) {
	switch {
	case '0' <= c && c <= '9':
		return uint32(c - '0'), true
	case 'a' <= c && c <= 'f':
		return uint32(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return uint32(c-'A') + 10, true
	}
	return 0, false
}

func (s *scanner) expect(want byte) error {
	c, err := s.token()
	if err == nil && c != want {
		err = errNotJSON
	}
	return err
}

// token is the next byte that is not white space.
func (s *scanner) token() (byte, error) {
	for {
		c, err := s.next()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

// next is the next byte outside of the file.
func (s *scanner) next() (byte, error) {
	if s.read++; s.read > jsonLimit {
		return 0, errTooLarge
	}
	return s.raw()
}

func (s *scanner) raw() (byte, error) {
	c, err := s.r.ReadByte()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errCut
	}
	return c, err
}
