package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/chancela/chancela/storage/archive"
)

// explain says what an error of the SDK means for the archive. The SDK's errors hold
// request ids and addresses, never credentials.
func (a *Archive) explain(err error) error {
	if err == nil {
		return nil
	}
	switch code(err) {
	case "NoSuchKey", "NotFound": // the latter from HEAD, which has no body to say more
		return fmt.Errorf("%w (%w)", archive.ErrNotFound, err)
	case "ExistingObjectIsDirectory", "ObjectParentIsFile": // of servers that keep objects as files
		return fmt.Errorf("%w: an object is in the way (%w)", archive.ErrConflict, err)
	case "NoSuchBucket":
		return fmt.Errorf("bucket %s does not exist: %w", a.bucket, err)
	}
	switch status(err) {
	case http.StatusNotFound:
		return fmt.Errorf("%w (%w)", archive.ErrNotFound, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("bucket %s refuses the credentials: %w", a.bucket, err)
	case http.StatusMovedPermanently:
		return fmt.Errorf("bucket %s is in another region than %s: %w", a.bucket, a.client.Options().Region, err)
	case http.StatusNotImplemented:
		return fmt.Errorf("the server lacks something that the archive needs, such as If-None-Match or checksums: %w", err)
	}
	if isUnsent(err) {
		return fmt.Errorf("the S3 server does not answer: %w", err)
	}
	return err
}

// isUnsent: nobody answered, and nobody canceled.
func isUnsent(err error) bool {
	var unsent *smithyhttp.RequestSendError
	return errors.As(err, &unsent) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// isTaken: the key was taken, or is being written or deleted at this moment.
func isTaken(err error) bool {
	switch status(err) {
	case http.StatusPreconditionFailed:
		return true
	case http.StatusConflict:
		return !errors.Is(err, archive.ErrConflict)
	}
	return false
}

// code is what the server calls the error; empty without an answer.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// status is that of the answer; 0 without one.
func status(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
