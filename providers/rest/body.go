package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/textproto"
	"slices"
)

var errLength = errors.New("the document's length is not what was said")

type openFunc = func(context.Context) (io.ReadCloser, error)

// content is every body: bytes, then maybe a file, then bytes.
type content struct {
	contentType string
	head, tail  []byte
	file        openFunc // nil: none
	encode      bool     // the file in base64
	fileSize    int64    // bytes, before encoding
	err         error    // found when it was made, told when it is opened
}

func (c *content) ContentType() string { return c.contentType }

func (c *content) Size() int64 {
	size := c.fileSize
	if c.encode {
		size = (c.fileSize + 2) / 3 * 4
	}
	return int64(len(c.head)) + size + int64(len(c.tail))
}

func (c *content) Open(ctx context.Context) (io.ReadCloser, error) {
	if c.err != nil {
		return nil, c.err
	}
	if c.file == nil {
		return io.NopCloser(bytes.NewReader(c.head)), nil
	}
	file, err := c.file(ctx)
	if err != nil {
		return nil, err
	}
	var r io.Reader = &exact{r: file, rest: c.fileSize}
	if c.encode {
		r = &encoder{r: r}
	}
	return &streamed{io.MultiReader(bytes.NewReader(c.head), r, bytes.NewReader(c.tail)), file}, nil
}

type streamed struct {
	io.Reader
	io.Closer
}

// JSONBody is a value as JSON.
func JSONBody(v any) Body {
	b, err := marshal(v)
	return &content{contentType: "application/json", head: b, err: err}
}

// Raw is a file as it is, size bytes long.
func Raw(contentType string, size int64, open func(context.Context) (io.ReadCloser, error)) Body {
	return &content{contentType: contentType, file: open, fileSize: size}
}

// Base64JSON is a value as JSON in which one string, the marker, is replaced by the
// base64 of a file of size bytes while it is sent. The marker must stand in it exactly
// once.
func Base64JSON(v any, marker string, size int64, open func(context.Context) (io.ReadCloser, error)) Body {
	c := &content{contentType: "application/json", file: open, fileSize: size, encode: true}
	b, err := marshal(v)
	if err != nil {
		c.err = err
		return c
	}
	quoted, _ := marshal(marker) // a string always has a JSON form
	if bytes.Count(b, quoted) != 1 {
		c.err = errors.New("the marker of the base64 field does not stand in the body exactly once")
		return c
	}
	head, tail, _ := bytes.Cut(b, quoted)
	c.head = append(slices.Clip(head), '"')
	c.tail = append([]byte{'"'}, tail...)
	return c
}

// Part is a file of a multipart form.
type Part struct {
	Field       string
	FileName    string
	ContentType string
	Size        int64 // bytes
	Open        func(context.Context) (io.ReadCloser, error)
}

// Multipart is a form with text fields, in the order of their names, and one file
// after them.
func Multipart(fields map[string]string, part Part) Body {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		_ = w.WriteField(name, fields[name]) // a buffer takes everything
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition(part.Field, part.FileName))
	if part.ContentType != "" {
		header.Set("Content-Type", part.ContentType)
	}
	_, _ = w.CreatePart(header)
	head := bytes.Clone(b.Bytes())
	b.Reset()
	_ = w.Close()
	return &content{contentType: w.FormDataContentType(), head: head, tail: b.Bytes(), file: part.Open, fileSize: part.Size}
}

// marshal is JSON without the escapes that are made for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// exact refuses a file that is shorter or longer than said. It looks past the last
// byte before it gives it away, so that a cut file never arrives as a whole one.
type exact struct {
	r    io.Reader
	rest int64
}

func (e *exact) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.rest -= int64(n)
	if e.rest == 0 && n > 0 && err == nil {
		var more [1]byte
		switch _, err = io.ReadFull(e.r, more[:]); err {
		case nil:
			e.rest--
		case io.EOF:
		default:
			return 0, err
		}
	}
	if e.rest < 0 || e.rest > 0 && err == io.EOF {
		return 0, errLength
	}
	return n, err
}

// encoder is base64.NewEncoder the other way round: a Reader.
type encoder struct {
	r    io.Reader
	raw  [3 * 4096]byte
	out  [4 * 4096]byte
	have []byte // of out
	err  error
}

func (e *encoder) Read(p []byte) (int, error) {
	for len(e.have) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		n, err := io.ReadFull(e.r, e.raw[:])
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		e.err = err
		if err == nil || err == io.EOF {
			base64.StdEncoding.Encode(e.out[:], e.raw[:n])
			e.have = e.out[:base64.StdEncoding.EncodedLen(n)]
		}
	}
	n := copy(p, e.have)
	e.have = e.have[n:]
	return n, nil
}
