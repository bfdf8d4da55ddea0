package s3

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Settings are what the AWS SDK has no variable for.
type Settings struct {
	// SSE is the encryption that every upload asks for: AES256, aws:kms or aws:kms:dsse.
	// Empty leaves it to the bucket.
	SSE string
	// KMSKeyID is the key of the last two; empty for the account's own.
	KMSKeyID string
	// PathStyle says "yes" or "no" to addresses with the bucket in the path. Empty: yes
	// exactly where an endpoint is configured.
	PathStyle string
	// Roots are the authorities that are trusted, beside those of AWS_CA_BUNDLE. Nil: the
	// system's.
	Roots *x509.CertPool
}

// Check says what is wrong with settings.
func (s Settings) Check() error {
	switch {
	case !slices.Contains([]string{"", "AES256", "aws:kms", "aws:kms:dsse"}, s.SSE):
		return lang.Errorf("CHANCELA_S3_SSE: want AES256, aws:kms or aws:kms:dsse, or nothing for the bucket's default")
	case s.KMSKeyID != "" && !strings.HasPrefix(s.SSE, "aws:kms"):
		return lang.Errorf("CHANCELA_S3_KMS_KEY_ID: want CHANCELA_S3_SSE=aws:kms beside it")
	case !slices.Contains([]string{"", "yes", "no"}, s.PathStyle):
		return lang.Errorf("CHANCELA_S3_PATH_STYLE: want yes or no, or nothing")
	}
	return nil
}

// idleConnections is how many are kept: as many as workers write at the same time, who would make
// each anew else.
const idleConnections = 64

// newClient configures a client by the AWS SDK's own environment and files. With an
// endpoint of its own, buckets are addressed by path and the region defaults to
// us-east-1.
func newClient(ctx context.Context, settings Settings) (*s3.Client, error) {
	if err := settings.Check(); err != nil {
		return nil, err
	}
	connections := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = idleConnections
		if settings.Roots != nil {
			t.TLSClientConfig.RootCAs = settings.Roots.Clone()
		}
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(connections))
	if err != nil {
		return nil, lang.Errorf("AWS configuration: %w", err)
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// A server that sends no checksum is not worth a log line for each object.
		o.DisableLogOutputChecksumValidationSkipped = true
		if o.BaseEndpoint != nil {
			o.UsePathStyle = true
			if o.Region == "" {
				o.Region = "us-east-1"
			}
		}
		if settings.PathStyle != "" {
			o.UsePathStyle = settings.PathStyle == "yes"
		}
	})
	if client.Options().Region == "" {
		return nil, lang.Errorf("no region; set AWS_REGION, or AWS_ENDPOINT_URL_S3 for a server of your own")
	}
	return client, nil
}

// Objects reads objects of any bucket with one client.
type Objects struct{ client *s3.Client }

// OpenObjects configures the client as [Open] does.
func OpenObjects(ctx context.Context, settings Settings) (*Objects, error) {
	client, err := newClient(ctx, settings)
	if err != nil {
		return nil, lang.Errorf("documents in S3: %w", err)
	}
	return &Objects{client}, nil
}

// Open reads an object. The caller closes it. No such key, no such bucket and no right
// to read are one error, archive.ErrNotFound without any detail.
func (o *Objects) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err == nil {
		return out.Body, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	switch s := status(err); {
	case s == http.StatusTooManyRequests || s >= 500:
		return nil, lang.Errorf("the S3 server cannot answer now: try again")
	case s != 0: // also 301: a bucket of another region
		return nil, archive.ErrNotFound
	case isUnsent(err):
		return nil, lang.Errorf("the S3 server does not answer")
	}
	return nil, lang.Errorf("S3 cannot be asked: no AWS credentials, or no endpoint")
}
