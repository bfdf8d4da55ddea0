//go:build !linux && !darwin

package localredis

import (
	"context"
	"errors"
	"os"
)

func joinUsers(context.Context, string) (*os.File, error) {
	return nil, lang.Errorf("is for Linux and macOS: name a Redis by redis://")
}

func (s *Server) ensure(context.Context) error { return nil }

func (s *Server) leave() {}
