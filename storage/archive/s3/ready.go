package s3

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Ready implements [archive.Archive]: there are credentials, a folder for temporary
// files, the bucket, and the rights to list, write and read. The last two are tried until
// they work once, with the small object .tmp/ready that stays and that no list shows.
// All rights that are missing are named at once.
func (a *Archive) Ready(ctx context.Context) error {
	credentials := a.client.Options().Credentials
	if credentials == nil {
		return lang.Errorf("archive: no AWS credentials")
	}
	if _, err := credentials.Retrieve(ctx); err != nil {
		return lang.Errorf("archive: no AWS credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role): %w", err)
	}
	if err := withTemporary(func(*os.File) error { return nil }); err != nil {
		return lang.Errorf("archive: no room for temporary files: %w", err)
	}
	_, err := a.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &a.bucket, Prefix: &a.prefix, MaxKeys: aws.Int32(1)})
	listing := a.explain(err)
	if errors.Is(listing, archive.ErrNotFound) { // of a server that does not say what
		return lang.Errorf("archive: bucket %s does not exist: %w", a.bucket, err)
	}
	if listing != nil && !isDenied(listing) {
		return lang.Errorf("archive: %w", listing)
	}
	if !a.proved.Load() {
		if err := a.probe(ctx); err != nil {
			return errors.Join(listing, lang.Errorf("archive %s cannot be used: %w", a, err))
		}
		a.proved.Store(listing == nil)
	}
	if listing != nil {
		return lang.Errorf("archive: %w", listing)
	}
	return nil
}

// Warnings implements [archive.Archive].
func (a *Archive) Warnings() []lang.Text {
	var all []lang.Text
	switch a.condition.Load() {
	case ignored, refused:
		all = append(all, lang.Of("the archive's S3 server does not know If-None-Match: create-only is kept by looking before and after each upload, "+
			"and two writers of one file at the same moment can replace each other's"))
	}
	if !a.manner().checksum {
		all = append(all, lang.Of("uploads to the archive go without x-amz-checksum-sha256 (AWS_REQUEST_CHECKSUM_CALCULATION): "+
			"what has arrived is judged by its size and ETag"))
	}
	return all
}

// Exclusive implements [archive.Archive]: only If-None-Match keeps two writers apart.
func (a *Archive) Exclusive() bool { return a.condition.Load() == honoured }

const probeContent = "chancela\n"

// probe writes and reads the small object, and finds out what the server makes of
// If-None-Match.
func (a *Archive) probe(ctx context.Context) error {
	sum, err := archive.Sum(ctx, strings.NewReader(probeContent))
	if err != nil {
		return err
	}
	o := archive.Object{Key: archive.Reserved + "/ready", Size: int64(len(probeContent)), SHA256: sum, ContentType: "text/plain"}
	_, err = a.upload(ctx, strings.NewReader(probeContent), o, true)
	taken := isTaken(err)
	if err != nil && !taken {
		return a.diagnose(ctx, o, err)
	}
	if err := a.readProbe(ctx, o); err != nil {
		return err
	}
	if !taken && a.condition.Load() != refused { // it was new, and now it is not
		_, err = a.upload(ctx, strings.NewReader(probeContent), o, true)
		if taken = isTaken(err); err != nil && !taken {
			return err
		}
	}
	switch {
	case taken:
		a.condition.Store(honoured)
	case a.condition.Load() != refused:
		a.condition.Store(ignored)
	}
	return nil
}

// readProbe reads the whole object: with encryption by KMS that needs one right more
// than looking at it.
func (a *Archive) readProbe(ctx context.Context, o archive.Object) error {
	body, _, err := a.get(ctx, o.Key)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return lang.Errorf("%w: it is not there", archive.ErrNotKept)
	case status(err) == http.StatusBadRequest && a.checksumMode() != "":
		return lang.Errorf("%w (if the server does not know x-amz-checksum-mode, set AWS_RESPONSE_CHECKSUM_VALIDATION=when_required)", err)
	case err != nil:
		return err
	}
	defer body.Close()
	have, err := archive.Sum(ctx, body)
	if err != nil {
		return err
	}
	if have != o.SHA256 {
		return lang.Errorf("%w: other bytes are there", archive.ErrNotKept)
	}
	return nil
}

// diagnose finds the setting with which a refused upload would have been taken.
func (a *Archive) diagnose(ctx context.Context, o archive.Object, err error) error {
	works := func(m manner) bool {
		_, err := a.put(ctx, strings.NewReader(probeContent), o, m)
		return err == nil || isTaken(err)
	}
	m := a.manner()
	switch status(err) {
	case http.StatusBadRequest, http.StatusNotImplemented:
		if m.checksum && (works(manner{condition: m.condition, sse: m.sse}) || works(manner{sse: m.sse})) {
			return lang.Errorf("the server refuses x-amz-checksum-sha256: set AWS_REQUEST_CHECKSUM_CALCULATION=when_required "+
				"and AWS_RESPONSE_CHECKSUM_VALIDATION=when_required: %w", err)
		}
		fallthrough
	case http.StatusForbidden:
		for _, sse := range []string{"AES256", "aws:kms"} {
			if m.sse != sse && works(manner{m.condition, m.checksum, sse}) {
				return lang.Errorf("the bucket wants every upload to ask for encryption: set CHANCELA_S3_SSE=%s: %w", sse, err)
			}
		}
	}
	return err
}
