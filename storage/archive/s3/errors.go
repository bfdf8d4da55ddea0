package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// explain says what an error of the SDK means for the archive. The SDK's errors hold
// request ids and addresses, never credentials.
func (a *Archive) explain(err error) error {
	err = brief(err)
	said := a.say(err)
	switch {
	case err == nil, errors.Is(said, archive.ErrNotFound), errors.Is(said, archive.ErrConflict):
		return said
	case isFull(err):
		return lang.Errorf("%w: bucket %s: %w", archive.ErrFull, a.bucket, err)
	case isAway(err):
		return lang.Errorf("%w: %w", archive.ErrUnavailable, said)
	}
	return said
}

// isFull: there is no room, or no more of it is allowed.
func isFull(err error) bool {
	switch code(err) {
	case "QuotaExceeded", "QuotaExceededException", "InsufficientStorage", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded":
		return true
	}
	return status(err) == http.StatusInsufficientStorage
}

// isAway: what the server says, or that it says nothing, is about itself, the bucket or the
// account, and not about one object.
func isAway(err error) bool {
	switch code(err) {
	case "NoSuchBucket", "RequestTimeTooSkewed", "RequestTimeout", "SlowDown", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
		"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired":
		return true
	}
	switch s := status(err); s {
	case 0: // credentials that cannot be had are among it
		return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMovedPermanently, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented:
		return false
	default:
		return s >= 500
	}
}

// say finds the words for an error.
func (a *Archive) say(err error) error {
	if err == nil {
		return nil
	}
	switch code(err) {
	case "NoSuchKey", "NotFound": // the latter from HEAD, which has no body to say more
		return lang.Errorf("%w (%w)", archive.ErrNotFound, err)
	case "ExistingObjectIsDirectory", "ObjectParentIsFile": // of servers that keep objects as files
		return lang.Errorf("%w: an object is in the way (%w)", archive.ErrConflict, err)
	case "NoSuchBucket":
		return lang.Errorf("bucket %s does not exist: %w", a.bucket, err)
	case "RequestTimeTooSkewed":
		return lang.Errorf("this machine's clock differs from the S3 server's: %w", err)
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return a.elsewhere(err)
	}
	switch status(err) {
	case http.StatusNotFound:
		return lang.Errorf("%w (%w)", archive.ErrNotFound, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		if !isDenied(err) {
			return lang.Errorf("bucket %s refuses the credentials: %w", a.bucket, err)
		}
		return lang.Errorf("bucket %s refuses %s: the credentials need %v: %w", a.bucket, operation(err), a.right(err), err)
	case http.StatusMovedPermanently:
		return a.elsewhere(err)
	case http.StatusNotImplemented:
		return lang.Errorf("the server lacks something that the archive needs, such as checksums: %w", err)
	}
	if _, untrusted := errors.AsType[x509.UnknownAuthorityError](err); untrusted {
		return lang.Errorf("the S3 server's certificate is of no authority that is trusted here: name the authority's own in CHANCELA_CA_FILE or AWS_CA_BUNDLE: %w", err)
	}
	if isUnsent(err) {
		return lang.Errorf("the S3 server does not answer (%w): see that it runs, and that AWS_ENDPOINT_URL_S3 or AWS_REGION leads to it", err)
	}
	return err
}

func (a *Archive) elsewhere(err error) error {
	return lang.Errorf("bucket %s is in another region than %s (AWS_REGION): %w", a.bucket, a.client.Options().Region, err)
}

// explainKey is explain for a look at one key. Where the right to list is bound to a
// prefix, the answer for a key that is not there is "forbidden", as it is for one that may
// not be read: the list of this one key tells the two apart.
func (a *Archive) explainKey(ctx context.Context, key string, err error) error {
	if status(err) != http.StatusForbidden {
		return a.explain(err)
	}
	page, listing := a.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &a.bucket, Prefix: a.name(key), MaxKeys: aws.Int32(1)})
	switch {
	case listing != nil: // nothing can be told without it, and unlike HEAD it says why
		return a.explain(listing)
	case len(page.Contents) == 0 || aws.ToString(page.Contents[0].Key) != *a.name(key):
		return lang.Errorf("%w (%w)", archive.ErrNotFound, err)
	}
	return a.explain(err)
}

// right is what a refused operation needs, in the words of policies.
func (a *Archive) right(err error) lang.Text {
	objects := "arn:aws:s3:::" + a.bucket + "/" + a.prefix + "*"
	switch operation(err) {
	case "PutObject":
		return lang.Of("%s on %s", "s3:PutObject", objects)
	case "HeadObject", "GetObject":
		return lang.Of("%s on %s", "s3:GetObject", objects)
	}
	return lang.Of("%s on %s", "s3:ListBucket", "arn:aws:s3:::"+a.bucket)
}

func operation(err error) string {
	var o *smithy.OperationError
	if errors.As(err, &o) {
		return o.Operation()
	}
	return "the request"
}

// isDenied: the credentials are known, and a right is missing. "Forbidden" is HEAD's,
// which has no body to say more.
func isDenied(err error) bool {
	switch code(err) {
	case "AccessDenied", "AllAccessDisabled", "Forbidden", "UnauthorizedAccess":
		return true
	}
	return false
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
