package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// jsonLimit is the largest JSON answer, in bytes. A choice; the largest documented one
// that is not a file is a page of a list.
const jsonLimit = 4 << 20

var errTooLarge = fmt.Errorf("the answer is larger than %d bytes", jsonLimit)

// JSON makes a request and decodes its answer, of at most 4 MiB and read within the
// client's timeout, into out. With a nil out the body is read, up to that size,
// and may hold anything. For the inviting request everything that goes wrong after the status is
// [providers.Ambiguous].
func (c *Client) JSON(ctx context.Context, r Request, out any) error {
	if r.Header.Get("Accept") == "" {
		r.Header = r.Header.Clone()
		if r.Header == nil {
			r.Header = make(map[string][]string)
		}
		r.Header.Set("Accept", "application/json")
	}
	answer, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	body := answer.Body.(*stream)
	defer body.Close()
	whole := time.AfterFunc(c.cfg.Timeout, body.timer.expire)
	defer whole.Stop()

	content, err := io.ReadAll(io.LimitReader(body, jsonLimit+1))
	if err != nil {
		return err
	}
	body.call.debug(&http.Response{StatusCode: answer.Status, Header: answer.Header}, content)
	bad := func(code string, cause error) error {
		e := body.call.fail(body.call.unsure(), cause)
		e.Status, e.Code = answer.Status, code
		return e
	}
	if out == nil {
		return nil
	}
	if len(content) > jsonLimit {
		return bad(CodeTooLarge, errTooLarge)
	}
	if err := json.Unmarshal(content, out); err != nil {
		return bad(CodeBadAnswer, describe(err))
	}
	return nil
}

// describe says where the answer is wrong without quoting it.
func describe(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the answer is not JSON at byte %d", e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("the answer's field %q is not a %s", e.Field, e.Type)
	}
	return errors.New("the answer holds a value that cannot be read")
}

// drain reads a small rest, so that the connection can be used again, and closes.
func drain(body io.ReadCloser) error {
	_, err := io.Copy(io.Discard, io.LimitReader(body, jsonLimit))
	return errors.Join(err, body.Close())
}
