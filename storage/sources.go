package storage

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/s3"
	"github.com/chancela/chancela/storage/source"
)

// Sources opens documents in S3, of any bucket that the credentials may read, with one
// client that is made when it is first needed. Nothing is kept for a bucket or a key.
type Sources struct {
	Settings s3.Settings

	mu      sync.Mutex
	objects *s3.Objects
}

// Open is an [source.Open].
func (s *Sources) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	at, err := source.Parse(name)
	if err != nil {
		return nil, err
	}
	objects, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	content, err := objects.Open(ctx, at.Bucket, at.Key)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, source.ErrUnreadable
	}
	return content, err
}

func (s *Sources) client(ctx context.Context) (*s3.Objects, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects == nil {
		objects, err := s3.OpenObjects(ctx, s.Settings)
		if err != nil {
			return nil, err
		}
		s.objects = objects
	}
	return s.objects, nil
}
