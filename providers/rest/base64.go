package rest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

var (
	errDuplicate = errors.New("the answer holds its file twice")
	errMalformed = errors.New("the answer's base64 is malformed")
	errPadding   = errors.New("the answer's base64 goes on behind its end")
)

// Base64Answer streams the decoded value of one string field of a JSON answer, named by
// its path, in constant memory: Base64Answer(body, judge, "result", "base64"). Other fields
// may stand before and after it; together they may have 4 MiB.
//
// The last read gives io.EOF only when the whole answer was there and well-formed.
// When the function fails, or when the reader is closed, the body is closed. Missing
// field, wrong type, cut answer: an error without anything of the content.
//
// Where the answer says in other fields whether it is one, before or after the file, judge
// sees its scalar fields (string, bool,
// json.Number or nil) by their dotted names, "error" or "result.name", down to the
// third level, at most 64 and none longer than 4 KiB. It is called once, when the
// answer has been read to its end; its error then stands in the place of io.EOF, or of
// the error that says that the field is missing. What was read before is then void.
func Base64Answer(body io.ReadCloser, judge func(fields map[string]any) error, path ...string) (io.ReadCloser, error) {
	s := newScanner(body, path)
	f := &base64File{scanner: s, body: body, judge: judge}
	found, err := s.find()
	if err == nil && !found {
		err = f.verdict()
		if err == nil {
			err = fmt.Errorf("the answer has no text in its field %s", strings.Join(path, "."))
		}
	}
	if err != nil {
		body.Close()
		return nil, err
	}
	f.decoder = base64.NewDecoder(base64.StdEncoding, &base64Text{scanner: s})
	return f, nil
}

type base64File struct {
	scanner *scanner
	decoder io.Reader
	body    io.Closer
	judge   func(map[string]any) error
	err     error
}

func (f *base64File) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.decoder.Read(p)
	f.err = err
	if _, corrupt := err.(base64.CorruptInputError); corrupt || err == io.ErrUnexpectedEOF {
		f.err = errMalformed
	}
	if f.err == io.EOF {
		f.err = f.finish()
	}
	return n, f.err
}

// finish reads what stands after the file.
func (f *base64File) finish() error {
	again, err := f.scanner.find()
	if err == nil && again {
		err = errDuplicate
	}
	if err == nil {
		err = f.verdict()
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

func (f *base64File) verdict() error {
	if f.judge == nil {
		return nil
	}
	return f.judge(f.scanner.fields)
}

func (f *base64File) Close() error { return f.body.Close() }

// base64Text is the inside of the field's JSON string, without its escapes: some
// encoders write + as \u002B and / as \/.
type base64Text struct {
	scanner *scanner
	padded  bool
	err     error
}

func (t *base64Text) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && t.err == nil {
		var c byte
		var quoted bool
		if c, quoted, t.err = t.scanner.char(); t.err != nil {
			break
		}
		if c == '"' && !quoted {
			t.err = io.EOF
			break
		}
		// The decoder takes a second piece after the padding for more of the same.
		if t.padded && c != '=' && c != '\n' && c != '\r' {
			t.err = errPadding
			break
		}
		t.padded = t.padded || c == '='
		p[n] = c
		n++
	}
	if n > 0 {
		return n, nil
	}
	return 0, t.err
}
