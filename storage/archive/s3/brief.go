package s3

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/chancela/chancela/storage/archive"
)

// briefError has what a person needs of an error of the SDK, whose own text has an address with all its
// parameters and says the rest three times.
type briefError struct {
	text string
	err  error
}

func (e *briefError) Error() string { return e.text }
func (e *briefError) Unwrap() error { return e.err }

// Detail implements [archive.Detailed].
func (e *briefError) Detail() string { return e.err.Error() }

var _ archive.Detailed = (*briefError)(nil)

// longestAnswer bounds what is repeated of a server's own words, in bytes.
const longestAnswer = 200

// brief shortens an error of the SDK to the operation, and what the server has answered or why it has not.
func brief(err error) error {
	var failed *smithy.OperationError
	if !errors.As(err, &failed) {
		return err
	}
	var sending *url.Error
	var answer smithy.APIError
	text := failed.Operation()
	switch s := status(err); {
	case s != 0:
		text += fmt.Sprintf(": HTTP %d", s)
		if errors.As(err, &answer) {
			message := answer.ErrorMessage()
			text += " " + answer.ErrorCode()
			if message != "" {
				text += ": " + strings.ToValidUTF8(message[:min(len(message), longestAnswer)], "")
			}
		}
	case errors.As(err, &sending):
		if address, err := url.Parse(sending.URL); err == nil {
			text += " at " + address.Host
		}
		why := sending.Err
		if dialing, ok := errors.AsType[*net.OpError](why); ok && dialing.Addr != nil {
			why = dialing.Err // the address was told
		}
		text += ": " + why.Error()
	default:
		return err
	}
	return &briefError{text, err}
}
