// Package storage opens what the configuration names.
package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/archive/s3"
)

// Open opens the archive at an address: a folder, made if it is missing, or
// s3://bucket/prefix with everything else from the AWS SDK's own variables. Whether it
// can be written to is asked by its Ready.
func Open(ctx context.Context, address string) (archive.Archive, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	if rest, ok := strings.CutPrefix(address, "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		return s3.Open(ctx, bucket, prefix)
	}
	return dir.Open(address)
}

// Check says what is wrong with an archive's address, without opening anything.
func Check(address string) error {
	if address == "" {
		return errors.New("no archive; want a folder or s3://bucket/prefix")
	}
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		return nil // a folder
	case scheme != "s3":
		return fmt.Errorf("archive address: scheme %q is not known; want a folder or s3://bucket/prefix", scheme)
	case strings.ContainsAny(rest, "@?#%:"): // not repeated in the error: people put credentials there
		return errors.New("archive address: want s3://bucket/prefix without user, port or parameters; " +
			"credentials, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL_S3 and the like")
	case rest == "" || rest[0] == '/':
		return errors.New("archive address: no bucket; want s3://bucket/prefix")
	}
	return nil
}
