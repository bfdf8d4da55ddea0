// Package pairing keeps a Redis to its archive.
//
// An archive holds a small file with a random id, made once, and a Redis notes the id of the
// archive that it was first used with. Whoever starts with another archive at the same Redis
// has most likely mistyped its address: documents would be staged where no worker looks, and
// marks of invitations be looked for where none is. A copy of an archive has its id, so one
// that was moved is taken without a word; so is an archive at an empty Redis. Where nothing is
// on the way, nothing of it can go wrong, and the Redis takes the new archive.
package pairing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Key is where an archive has its id.
const Key = archive.Own + "/id.txt"

// notes is where a Redis has the id of its archive.
const (
	notes    = "{chancela}:archive"
	noted    = "id"
	proposed = "proposed " // and the archive's address
)

// OtherError says that a Redis belongs to another archive.
type OtherError struct {
	Noted string // the id that the archive of this Redis has
	Have  string // the id of this archive; empty: none yet
}

func (e *OtherError) Error() string { return e.Said().String() }

// Said are the words for people.
func (e *OtherError) Said() lang.Text {
	return lang.Of("this Redis was used with another archive: the one here has not the line %s in %s", e.Noted, Key)
}

// GarbledError says that the file with an archive's id holds no id.
type GarbledError struct {
	Noted string // the id that the archive of the Redis has; empty: not known
}

func (e *GarbledError) Error() string { return e.Said().String() }

// Said are the words for people.
func (e *GarbledError) Said() lang.Text {
	if e.Noted != "" {
		return lang.Of("%s holds no id: if this is the archive of this Redis, write there the one line %s", Key, e.Noted)
	}
	return lang.Of("%s holds no id, which is one line of letters and digits: put the file back from a copy of the archive, or remove it where there is none, and the next start writes a new one", Key)
}

// Check is an [OtherError] for an archive that is not the one of this Redis. It writes nothing.
func Check(ctx context.Context, db redis.UniversalClient, a archive.Archive) error {
	_, err := check(ctx, db, a)
	return err
}

// MayClaim returns the error that Claim would return, and writes nothing.
func MayClaim(ctx context.Context, db redis.UniversalClient, a archive.Archive, open func(context.Context) (int64, error)) error {
	_, _, err := claimable(ctx, db, a, open)
	return err
}

// claimable returns the archive's id, and whether its Redis would leave another archive for it.
func claimable(ctx context.Context, db redis.UniversalClient, a archive.Archive, open func(context.Context) (int64, error)) (have string, moved bool, err error) {
	have, err = check(ctx, db, a)
	if _, other := errors.AsType[*OtherError](err); !other {
		return have, false, err
	}
	if n, cerr := open(ctx); cerr != nil || n > 0 {
		return "", false, errors.Join(cerr, err)
	}
	return have, true, nil
}

// Claim is Check, and then pairs a Redis that belongs to no archive yet with this one. A Redis
// of another archive is paired anew, and moved says so, when none of its envelopes is open;
// open counts them.
func Claim(ctx context.Context, db redis.UniversalClient, a archive.Archive, open func(context.Context) (int64, error)) (moved bool, err error) {
	have, moved, err := claimable(ctx, db, a, open)
	if err != nil {
		return false, err
	}
	if have == "" {
		if have, err = name(ctx, db, a); err != nil {
			return false, err
		}
	}
	if moved {
		err = db.HSet(ctx, notes, noted, have).Err()
	} else {
		err = db.HSetNX(ctx, notes, noted, have).Err()
	}
	if err != nil {
		return false, fmt.Errorf("redis: %w", err)
	}
	return moved, Check(ctx, db, a) // another process may have been first, with another archive
}

// check returns the archive's id, empty when it has none and needs none yet.
func check(ctx context.Context, db redis.UniversalClient, a archive.Archive) (have string, err error) {
	want, err := db.HGet(ctx, notes, noted).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("redis: %w", err)
	}
	have, err = ID(ctx, a)
	if garbled, is := errors.AsType[*GarbledError](err); is {
		garbled.Noted = want
	}
	if err != nil {
		return "", lang.Errorf("archive %s: %w", a, err)
	}
	if want != "" && have != want {
		return have, &OtherError{want, have}
	}
	return have, nil
}

// name gives an archive its id. All processes of a Redis propose the same one: some stores do
// not keep two writers of one file apart.
func name(ctx context.Context, db redis.UniversalClient, a archive.Archive) (string, error) {
	field := proposed + a.String()
	err := db.HSetNX(ctx, notes, field, rand.Text()).Err()
	var id string
	if err == nil {
		id, err = db.HGet(ctx, notes, field).Result()
	}
	if err != nil {
		return "", fmt.Errorf("redis: %w", err)
	}
	_, err = a.Put(ctx, Key, strings.NewReader(id+"\n"), "text/plain", nil)
	if err != nil && !errors.Is(err, archive.ErrConflict) { // a conflict: another Redis was first
		return "", lang.Errorf("archive %s: %w", a, err)
	}
	id, err = ID(ctx, a)
	if err == nil && id == "" {
		err = archive.ErrNotKept
	}
	if err != nil {
		return "", lang.Errorf("archive %s: %w", a, err)
	}
	return id, nil
}

// longest bounds an id: people may write one by hand.
const longest = 100

// ID returns the id of an archive; empty when it has none. An error of the kind [GarbledError] is one
// of the file, not of the archive.
func ID(ctx context.Context, a archive.Archive) (string, error) {
	r, _, err := a.Open(ctx, Key)
	if errors.Is(err, archive.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, longest+1))
	if err != nil {
		return "", lang.Errorf("reading %s: %w", Key, err)
	}
	id := strings.TrimSpace(string(content))
	if id == "" || len(content) > longest || strings.ContainsFunc(id, notInID) {
		return "", &GarbledError{}
	}
	return id, nil
}

func notInID(r rune) bool {
	return !('A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9')
}
