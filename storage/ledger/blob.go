package ledger

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"sync"

	fast "github.com/klauspost/compress/flate"
)

// A blob is a string of sections, each a letter, how it is packed, its length in digits, a
// colon and its bytes. What is written later is appended and counts: a section replaces an
// earlier one with its letter, and an empty one removes it.
const (
	secError = 'O' // an error's message that is too long for the hash

	plain    = '0'
	deflated = '1' // with the dictionary of this version
)

// dictionary is what records are likely to hold, the likeliest last. It is part of the format:
// another one is another way of packing.
//
//go:embed dictionary.txt
var dictionary []byte

// leastDeflated is the length from which packing pays.
const leastDeflated = 48

func plainSection(letter byte, value string) string {
	return string([]byte{letter, plain}) + strconv.Itoa(len(value)) + ":" + value
}

// appendSection adds a section to a blob.
func appendSection(blob []byte, letter byte, value []byte) []byte {
	how := byte(plain)
	if len(value) >= leastDeflated {
		if packed, err := deflate(value, dictionary); err == nil && len(packed) < len(value) {
			how, value = deflated, packed
		}
	}
	return appendPacked(blob, letter, how, value)
}

func deflate(value, words []byte) ([]byte, error) {
	var packed bytes.Buffer
	packed.Grow(len(value))
	err := fast.StatelessDeflate(&packed, value, true, words)
	return packed.Bytes(), err
}

func appendPacked[V string | []byte](blob []byte, letter, how byte, value V) []byte {
	blob = append(blob, letter, how)
	blob = strconv.AppendInt(blob, int64(len(value)), 10)
	blob = append(blob, ':')
	return append(blob, value...)
}

var errBlob = errors.New("its blob is not one of ours")

// inflaters are readers of packed sections: each has a window that is dear to make.
var inflaters = sync.Pool{New: func() any { return flate.NewReaderDict(nil, dictionary) }}

// mostInflated bounds what a section unpacks to.
const mostInflated = 64 << 20

func inflate(value string, words []byte) ([]byte, error) {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(strings.NewReader(value), words); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(4 * len(value))
	n, err := b.ReadFrom(io.LimitReader(r, mostInflated+1))
	if err == nil && n > mostInflated {
		err = errors.New("too long")
	}
	return b.Bytes(), err
}

// sections are the last ones of each letter.
func sections(blob string) (map[byte]string, error) {
	all := map[byte]string{}
	for len(blob) > 0 {
		head, rest, ok := strings.Cut(blob, ":")
		if !ok || len(head) < 3 {
			return nil, errBlob
		}
		n, err := strconv.Atoi(head[2:])
		if err != nil || n < 0 || n > len(rest) {
			return nil, errBlob
		}
		all[head[0]] = head[1:2] + rest[:n]
		blob = rest[n:]
	}
	return all, nil
}

// readBlob reads the sections of a record's blob. longError tells that its error is among them.
func (r *Record) readBlob(blob string, longError bool) error {
	all, err := sections(blob)
	if err != nil {
		return fmt.Errorf("ledger: %s: %w", r.Key(), err)
	}
	if packed, ok := all[secPeople]; ok {
		delete(all, secPeople)
		inner, err := r.unpack(packed)
		if err != nil {
			return err
		}
		people, err := sections(string(inner))
		if err != nil {
			return fmt.Errorf("ledger: %s: %w", r.Key(), err)
		}
		maps.Copy(people, all) // what was written later
		all = people
	}
	for letter, packed := range all {
		if len(packed) == 1 || letter == secError && !longError {
			continue
		}
		value, err := r.unpack(packed)
		if err != nil {
			return err
		}
		switch f := sectionPrefix + string(letter); f {
		case fieldTrace:
			r.Trace = string(value)
		case fieldExplanation:
			r.Explanation = string(value)
		case sectionPrefix + string(secError):
			r.ErrorMessage = string(value)
		case fieldEnvelope:
			r.Envelope = value
		default:
			if to := r.section(f); to != nil {
				*to = value
			}
		}
	}
	return nil
}

// unpack reads a section as it was packed.
func (r *Record) unpack(packed string) (value []byte, err error) {
	switch value = []byte(packed[1:]); packed[0] {
	case deflated:
		value, err = inflate(packed[1:], dictionary)
	case lean:
		value, err = r.unpackLean(packed[1:])
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w: %w", r.Key(), errBlob, err)
	}
	return value, nil
}

// has tells whether a record has a field of the blob.
func (r *Record) has(field string) bool {
	switch field {
	case fieldTrace:
		return r.Trace != ""
	case fieldExplanation:
		return r.Explanation != ""
	}
	return len(*r.section(field)) > 0
}

// section is where a record has a field of the blob that is JSON.
func (r *Record) section(field string) *json.RawMessage {
	switch field {
	case fieldEnvelope:
		return &r.Envelope
	case fieldSigners:
		return &r.Signers
	case fieldFinal:
		return &r.Final
	case fieldListed:
		return &r.Listed
	case fieldArtifacts:
		return &r.Artifacts
	case fieldEvidence:
		return &r.Evidence
	}
	return nil
}
