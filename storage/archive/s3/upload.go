package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// manner is how an upload is asked for.
type manner struct {
	condition bool
	checksum  bool
	sse       string
}

// upload writes an object whose key must be new, as the settings want it. It gives the
// ETag of the answer. Without the condition it writes only where the key was looked at.
func (a *Archive) upload(ctx context.Context, file io.ReaderAt, o archive.Object, looked bool) (string, error) {
	m := a.manner()
	m.condition = m.condition || !looked
	tag, err := a.put(ctx, file, o, m)
	if !m.condition || !isRefused(err) || !looked {
		return tag, err
	}
	m.condition = false
	tag, again := a.put(ctx, file, o, m)
	if again != nil {
		return "", err
	}
	a.condition.Store(refused)
	return tag, nil
}

// isRefused: the server lacks something that the request asks for, and it may be the condition.
func isRefused(err error) bool { return status(err) == http.StatusNotImplemented }

func (a *Archive) manner() manner {
	return manner{
		condition: a.condition.Load() != refused,
		checksum:  a.client.Options().RequestChecksumCalculation != aws.RequestChecksumCalculationWhenRequired,
		sse:       a.settings.SSE,
	}
}

func (a *Archive) put(ctx context.Context, file io.ReaderAt, o archive.Object, m manner) (string, error) {
	sum, err := hex.DecodeString(o.SHA256)
	if err != nil {
		return "", err
	}
	in := &s3.PutObjectInput{
		Bucket:               &a.bucket,
		Key:                  a.name(o.Key),
		Body:                 io.NewSectionReader(file, 0, o.Size),
		ContentLength:        &o.Size,
		ContentType:          &o.ContentType,
		Metadata:             map[string]string{"sha256": o.SHA256},
		ServerSideEncryption: types.ServerSideEncryption(m.sse),
	}
	if m.sse != "" && a.settings.KMSKeyID != "" {
		in.SSEKMSKeyId = &a.settings.KMSKeyID
	}
	if m.condition {
		in.IfNoneMatch = aws.String("*")
	}
	calculation := aws.RequestChecksumCalculationWhenRequired
	if m.checksum {
		in.ChecksumSHA256 = aws.String(base64.StdEncoding.EncodeToString(sum))
		calculation = aws.RequestChecksumCalculationWhenSupported
	}
	out, err := a.client.PutObject(ctx, in, func(o *s3.Options) { o.RequestChecksumCalculation = calculation }, signedWith(o.SHA256))
	if err != nil {
		return "", a.explain(err)
	}
	return aws.ToString(out.ETag), nil
}

// signedWith has a request signed with the hash of its content that is known: the SDK would read all of the content once
// more for it.
func signedWith(hash string) func(*s3.Options) {
	known := middleware.FinalizeMiddlewareFunc("KnownPayloadHash", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(v4.SetPayloadHash(ctx, hash), in)
	})
	return s3.WithAPIOptions(func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(known, (&v4.ComputePayloadSHA256{}).ID(), middleware.Before)
	})
}

// kept looks at what was just written. A server that answers with success and has kept
// nothing, or something else, is not believed.
func (a *Archive) kept(ctx context.Context, o archive.Object, tag string) error {
	there, err := a.look(ctx, o.Key)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return lang.Errorf("%w: it is not there", archive.ErrNotKept)
	case err != nil:
		return err
	}
	if written := there.metadata["sha256"]; written != "" && written != o.SHA256 {
		return archive.ErrConflict // another writer's, at a server without conditions
	}
	switch have := there.object(o.Key); {
	case have.Size != o.Size:
		return lang.Errorf("%w: %d of %d bytes are there", archive.ErrNotKept, have.Size, o.Size)
	case have.SHA256 != "" && have.SHA256 != o.SHA256:
		return lang.Errorf("%w: other bytes are there", archive.ErrNotKept)
	case tag != "" && there.tag != nil && bareTag(tag) != bareTag(*there.tag):
		return lang.Errorf("%w: the object there has another ETag than the one that was written", archive.ErrNotKept)
	}
	return nil
}

func bareTag(tag string) string { return strings.Trim(strings.TrimPrefix(tag, "W/"), `"`) }

// found is what the server tells of an object.
type found struct {
	size        *int64
	checksum    *string
	metadata    map[string]string
	contentType *string
	tag         *string
}

func (f found) object(key string) archive.Object {
	return archive.Object{Key: key, Size: aws.ToInt64(f.size), SHA256: sum(f.checksum, f.metadata), ContentType: aws.ToString(f.contentType)}
}

func (a *Archive) look(ctx context.Context, key string) (found, error) {
	out, err := a.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &a.bucket, Key: a.name(key), ChecksumMode: a.checksumMode()})
	if err != nil {
		return found{}, a.explainKey(ctx, key, err)
	}
	return found{out.ContentLength, out.ChecksumSHA256, out.Metadata, out.ContentType, out.ETag}, nil
}

// checksumMode asks for checksums unless the SDK's switch is against it.
func (a *Archive) checksumMode() types.ChecksumMode {
	if a.client.Options().ResponseChecksumValidation == aws.ResponseChecksumValidationWhenRequired {
		return ""
	}
	return types.ChecksumModeEnabled
}

// sum is the hash that the server computed, or the one that Put wrote beside the object.
// The checksum of an upload in parts is no hash of the content and does not decode.
func sum(checksum *string, metadata map[string]string) string {
	if raw, err := base64.StdEncoding.DecodeString(aws.ToString(checksum)); err == nil && len(raw) == 32 {
		return hex.EncodeToString(raw)
	}
	return metadata["sha256"]
}
