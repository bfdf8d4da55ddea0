package contraktor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Bounds of a list, in bytes: of all of it, and of one item. Choices: no page of a list is
// documented (reference §6, §7), so it may hold everything that the account has.
const (
	maxList = 64 << 20
	maxItem = 1 << 20
)

var errTooLong = errors.New("the list is too long to be read")

// list gets a list and shows its items to visit, until that returns false. It is read as a
// stream, which holds one item. without says how to do without a list that is too long.
func list[T any](ctx context.Context, c *client, r rest.Request, without string, visit func(T) bool) error {
	r.Class, r.Method, r.Header = pace.Send, http.MethodGet, http.Header{"Accept": {"application/json"}}
	resp, err := c.rest.Do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	err = scan(resp.Body, visit)
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e // the body broke off
	}
	if errors.Is(err, errTooLong) {
		return providers.Reread(c.rest.BadAnswer(r, errTooLong.Error()+without), providers.Transient, rest.CodeTooLarge)
	}
	if err != nil {
		// Not the decoder's own words: they may quote what was read.
		return c.rest.BadAnswer(r, "the answer is not a list")
	}
	return nil
}

// bounded fails when more than rest bytes are read, or more than one since one was last
// set.
type bounded struct {
	r         io.Reader
	rest, one int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.rest <= 0 || b.one <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.rest, b.one)])
	b.rest, b.one = b.rest-n, b.one-n
	return n, err
}

// scan reads {"data": [item...]}, or the bare list, without holding more than one item.
func scan[T any](body io.Reader, visit func(T) bool) error {
	r := &bounded{r: body, rest: maxList, one: maxItem}
	dec := json.NewDecoder(r)
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t == json.Delim('{') {
		if err := seekMember(dec, "data"); err != nil {
			return err
		}
		if t, err = dec.Token(); err != nil {
			return err
		}
	}
	if t == nil { // null: nothing yet
		return nil
	}
	if t != json.Delim('[') {
		return errors.New("no list")
	}
	for dec.More() {
		r.one = maxItem
		var item T
		if err := dec.Decode(&item); err != nil {
			return err
		}
		if !visit(item) {
			return nil
		}
	}
	_, err = dec.Token()
	return err
}

// seekMember moves to the value of an object's member.
func seekMember(dec *json.Decoder, name string) error {
	for dec.More() {
		t, err := dec.Token()
		if err != nil || t == name {
			return err
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("no %s", name)
}
