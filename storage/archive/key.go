package archive

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chancela/chancela/providers/lang"
)

// Limits of a key in bytes: S3's for the whole (the bucket's prefix counts), those of
// common file systems for what stands between two slashes.
const (
	MaxKey     = 1024
	MaxSegment = 255
)

// Reserved is the folder in which an archive does its own work. No key is in it, and no
// list shows it.
const Reserved = ".tmp"

// CheckKey refuses a key that is not a clean relative path with slashes: "." and ".."
// and empty segments, backslashes, control characters, text that is not UTF-8, more
// than [MaxKey] bytes or a segment of more than [MaxSegment], and the folder [Reserved].
func CheckKey(key string) error {
	if err := checkKey(key); err != nil {
		return lang.Errorf("archive key %q: %w", key, err)
	}
	return nil
}

func checkKey(key string) error {
	switch {
	case key == "":
		return lang.Errorf("is empty")
	case len(key) > MaxKey:
		return lang.Errorf("is longer than %d bytes", MaxKey)
	case !utf8.ValidString(key):
		return lang.Errorf("is not UTF-8")
	case strings.ContainsFunc(key, unusable):
		return lang.Errorf("holds a backslash or a control character")
	case key == Reserved || strings.HasPrefix(key, Reserved+"/"):
		return lang.Errorf("is in the archive's own folder %s", Reserved)
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return lang.Errorf("is not a clean relative path (segment %q)", segment)
		case len(segment) > MaxSegment:
			return lang.Errorf("has a segment of more than %d bytes", MaxSegment)
		}
	}
	return nil
}

// unusable also names the two that an XML list of keys cannot hold.
func unusable(r rune) bool {
	return r == '\\' || unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF'
}

// CheckPrefix is CheckKey for the beginning of keys: empty, or a key that may end with a
// slash.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckKey(strings.TrimSuffix(prefix, "/"))
}

// Documents is the folder of the documents that are to be signed.
const Documents = "_documents"

// Own is the folder of files that say something of the archive itself, and of no envelope:
// whose it is, and what it can do.
const Own = "_archive"

// Index is the name of the list of a campaign's archived files, which stands beside the folders of its
// envelopes: no envelope has it for an id.
const Index = "index.csv"

// DocumentKey is where a document to be signed is staged: once for each content, however
// many envelopes use it. The hash is lower-case hex.
func DocumentKey(sha256 string) string {
	return Documents + "/" + sha256[:min(2, len(sha256))] + "/" + sha256
}

// EnvelopeKey is where a file of an envelope is kept. It does not clean what it is
// given: CheckKey refuses an id of "..".
func EnvelopeKey(campaign, id, name string) string {
	return campaign + "/" + id + "/" + name
}

// types are the content types that the archive's keys have endings for.
var types = map[string]string{
	".csv":  "text/csv",
	".doc":  "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".gif":  "image/gif",
	".html": "text/html",
	".jpg":  "image/jpeg",
	".json": "application/json",
	".odt":  "application/vnd.oasis.opendocument.text",
	".pdf":  "application/pdf",
	".png":  "image/png",
	".txt":  "text/plain",
	".zip":  "application/zip",
}

// ContentType is what a key's ending says, application/octet-stream when it says nothing.
func ContentType(key string) string {
	ending := strings.ToLower(path.Ext(key))
	if ending == ".jpeg" {
		ending = ".jpg"
	}
	if t, ok := types[ending]; ok {
		return t
	}
	return "application/octet-stream"
}

// Ending is the ending, with its dot, of a key with content of that type; ".bin" for a
// type that has none here.
func Ending(contentType string) string {
	t := mediaType(contentType)
	for ending, known := range types {
		if known == t {
			return ending
		}
	}
	return ".bin"
}
