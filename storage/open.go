// Package storage opens what the configuration names.
package storage

import (
	"context"
	"regexp"
	"runtime"
	"strings"
	"unicode"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/archive/s3"
)

// Open opens the archive at an address: a folder, made if it is missing, or
// s3://bucket/prefix with everything else from the AWS SDK's own variables. Whether it
// can be written to is asked by its Ready.
func Open(ctx context.Context, address string) (archive.Archive, error) {
	return OpenWith(ctx, address, s3.Settings{})
}

// OpenWith is Open with settings for a bucket.
func OpenWith(ctx context.Context, address string, settings s3.Settings) (archive.Archive, error) {
	return open(ctx, address, settings, dir.Open)
}

// OpenToRead is OpenWith for who only reads: a folder must be there, and stays as it is.
func OpenToRead(ctx context.Context, address string, settings s3.Settings) (archive.Archive, error) {
	return open(ctx, address, settings, dir.OpenToRead)
}

func open(ctx context.Context, address string, settings s3.Settings, folder func(string) (*dir.Archive, error)) (archive.Archive, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	if rest, ok := strings.CutPrefix(address, "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		return s3.Open(ctx, bucket, prefix, settings)
	}
	a, err := folder(address)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Check says what is wrong with an archive's address, without opening anything. What only
// a shell would have understood, and addresses of buckets in another form, are refused:
// they would become folders that nobody finds again.
func Check(address string) error {
	if address == "" {
		return lang.Errorf("no archive; want a folder or s3://bucket/prefix")
	}
	if err := misread(address); err != nil {
		return err
	}
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		return checkFolder(address)
	case scheme != "s3":
		return lang.Errorf("archive address: scheme %q is not known; want a folder or s3://bucket/prefix", scheme)
	case strings.ContainsAny(rest, "@?#%:"): // not repeated in the error: people put credentials there
		return lang.Errorf("archive address: want s3://bucket/prefix without user, port or parameters; " +
			"credentials, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL_S3 and the like")
	case rest == "" || rest[0] == '/':
		return lang.Errorf("archive address: no bucket; want s3://bucket/prefix")
	}
	if name, _, _ := strings.Cut(rest, "/"); !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return lang.Errorf("archive address: no bucket has the name %q: want 3 to 63 lower-case letters, digits, dots and hyphens", name)
	}
	return nil
}

var (
	// variable is one of a shell or of Windows that nobody has filled in.
	variable = regexp.MustCompile(`\$[A-Za-z_{(]|%[A-Za-z_]+%`)
	bucket   = regexp.MustCompile(`^[sS]3(:/?|/+)(.*)$`)
	amazon   = regexp.MustCompile(`(^|\.)s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?(/|$)`)
	// bucketName is what S3 takes for one; other stores keep to it.
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	drive      = regexp.MustCompile(`^[A-Za-z]:([\\/]|$)`)
	scheme     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
)

// misread finds what somebody has written for another reader: a shell, an env file.
func misread(address string) error {
	for place, r := range address {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
			return lang.Errorf("archive address: the character U+%04X stands at byte %d of %d: a line end or another invisible character has got into it", r, place+1, len(address))
		}
	}
	switch {
	case strings.TrimSpace(address) != address:
		return lang.Errorf("archive address: a blank stands at its beginning or end")
	case strings.ContainsAny(address[:1]+address[len(address)-1:], "\"'`"):
		return lang.Errorf("archive address: it stands in quotation marks: leave them out")
	case variable.MatchString(address):
		return lang.Errorf("archive address: a variable in it has not been filled in: only a shell does that")
	}
	return nil
}

// checkFolder refuses what looks like something else than a folder.
func checkFolder(address string) error {
	inFolder := lang.Of("; a folder of that name is ./%s", address)
	switch m := bucket.FindStringSubmatch(address); {
	case m != nil:
		return lang.Errorf("archive address: s3://%s is probably meant%v", strings.TrimLeft(m[2], "/"), inFolder)
	case address[0] == '~':
		return lang.Errorf("archive address: only a shell knows what ~ is: write the folder out, such as /home/ana/archive")
	case amazon.MatchString(address):
		return lang.Errorf("archive address: want s3://bucket/prefix, not a bucket's host name; the region comes from AWS_REGION%v", inFolder)
	case runtime.GOOS != "windows" && (drive.MatchString(address) || strings.Contains(address, `\`)):
		return lang.Errorf("archive address: that is a folder of Windows; want one of this system, such as /srv/archive")
	case runtime.GOOS == "windows" && drive.MatchString(address):
		return nil
	case scheme.MatchString(address):
		return lang.Errorf("archive address: want a folder or s3://bucket/prefix%v", inFolder)
	}
	return nil
}
