package s3

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/chancela/chancela/storage/archive"
)

// Ready implements [archive.Archive]: there are credentials, a folder for temporary
// files, the bucket, and the right to write to it. The last is tried until it works
// once, with the small object .tmp/ready that stays and that no list shows.
func (a *Archive) Ready(ctx context.Context) error {
	credentials := a.client.Options().Credentials
	if credentials == nil {
		return errors.New("archive: no AWS credentials")
	}
	if _, err := credentials.Retrieve(ctx); err != nil {
		return fmt.Errorf("archive: no AWS credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role): %w", err)
	}
	if err := withTemporary(func(*os.File) error { return nil }); err != nil {
		return fmt.Errorf("archive: no room for temporary files: %w", err)
	}
	_, err := a.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &a.bucket})
	if err = a.explain(err); errors.Is(err, archive.ErrNotFound) {
		return fmt.Errorf("archive: bucket %s does not exist: %w", a.bucket, err)
	}
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if a.written.Load() {
		return nil
	}
	if err := a.probe(ctx); err != nil {
		return fmt.Errorf("archive %s cannot be written to: %w", a, err)
	}
	a.written.Store(true)
	return nil
}

func (a *Archive) probe(ctx context.Context) error {
	const content = "chancela\n"
	sum, err := archive.Sum(ctx, strings.NewReader(content))
	if err != nil {
		return err
	}
	err = a.upload(ctx, strings.NewReader(content), archive.Object{
		Key: archive.Reserved + "/ready", Size: int64(len(content)), SHA256: sum, ContentType: "text/plain",
	})
	if isTaken(err) {
		return nil // written before
	}
	return err
}
