package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	fast "github.com/klauspost/compress/flate"
)

// An archived envelope is read seldom and stands in Redis for years, so that its blob is made
// anew, as small as it goes: what is about people is one section, packed with a dictionary that
// knows the envelope's own words, with the hashes as bytes beside it. It stands in the record's
// own hash, in pieces that leave the hash a listpack: a key of its own would take a hundred bytes
// more. Whatever is written of it later is appended to the blob under its own key, as before, and counts.

const (
	secPeople = 'P' // the sections of an archived envelope that forgetting removes

	lean = '2' // hashes apart, the rest deflated with the dictionary and the envelope's own words
)

const (
	piecePrefix = "#" // then a letter: the place of the piece
	mostPieces  = 16  // longer blobs have a key of their own
)

// pieces are the fields that a blob becomes; nil when it is too long.
func pieces(blob []byte) map[string]string {
	if len(blob) > mostPieces*longest {
		return nil
	}
	fields := map[string]string{}
	for piece := range slices.Chunk(blob, longest) {
		fields[pieceField(len(fields))] = string(piece)
	}
	return fields
}

func pieceField(i int) string { return piecePrefix + string(rune('a'+i)) }

// pieced is the blob that stands in a record's hash; empty when none does.
func pieced(h map[string]string) string {
	var b strings.Builder
	for i := range mostPieces {
		piece, ok := h[pieceField(i)]
		if !ok {
			break
		}
		b.WriteString(piece)
	}
	return b.String()
}

// remains is the blob of a record that is archived: its people, with what is said here instead,
// and its files.
func (r *Record) remains(other map[byte][]byte) []byte {
	value := func(field string) []byte {
		if o, ok := other[field[1]]; ok {
			return o
		}
		return *r.section(field)
	}
	var people, blob []byte
	for _, f := range []string{fieldEnvelope, fieldSigners} {
		if v := value(f); len(v) > 0 {
			people = appendPacked(people, f[1], plain, v)
		}
	}
	if len(people) > 0 {
		blob = r.appendLean(blob, secPeople, people)
	}
	if files := value(fieldArtifacts); len(files) > 0 {
		blob = r.appendLean(blob, fieldArtifacts[1], files)
	}
	return blob
}

// appendLean adds a section to a blob of an archived record.
func (r *Record) appendLean(blob []byte, letter byte, value []byte) []byte {
	if bytes.IndexByte(value, hashMark) >= 0 { // JSON has none
		return appendSection(blob, letter, value)
	}
	text, hashes := withoutHashes(value)
	words := wordBuffers.Get().(*bytes.Buffer)
	defer wordBuffers.Put(words)
	r.writeWords(words)
	packed, err := packer.pack(text, words.Bytes())
	if err != nil {
		return appendSection(blob, letter, value)
	}
	return appendPacked(blob, letter, lean, slices.Concat([]byte{byte(len(hashes) / hashSize)}, hashes, packed))
}

// leanLevel packs as small as the best level does, to one byte in a hundred, in less than half its time: no tables are
// emptied before each section.
const leanLevel = 6

// packer packs harder than [deflate], which has no tables of a megabyte to keep: all share one.
var packer leanPacker

type leanPacker struct {
	mu     sync.Mutex
	writer *fast.Writer
}

func (p *leanPacker) pack(text, words []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var packed bytes.Buffer
	if p.writer == nil {
		w, err := fast.NewWriterDict(&packed, leanLevel, words)
		if err != nil {
			return nil, err
		}
		p.writer = w
	} else {
		p.writer.ResetDict(&packed, words)
	}
	if _, err := p.writer.Write(text); err != nil {
		return nil, err
	}
	err := p.writer.Close()
	return packed.Bytes(), err
}

var errLean = errors.New("not packed as an archived one is")

// unpackLean reads a section that appendLean has packed.
func (r *Record) unpackLean(packed string) ([]byte, error) {
	if packed == "" {
		return nil, errLean
	}
	n, rest := hashSize*int(packed[0]), packed[1:]
	if n > len(rest) {
		return nil, errLean
	}
	words := wordBuffers.Get().(*bytes.Buffer)
	defer wordBuffers.Put(words)
	r.writeWords(words)
	text, err := inflate(rest[n:], words.Bytes())
	if err != nil {
		return nil, err
	}
	return withHashes(text, rest[:n])
}

// wordBuffers hold the words of records that are read or written: a report reads a million. They are the dictionary of an
// archived record: that of all records, and how its own content and files are likely to read. They are part of the format:
// other ones are another way of packing.
var wordBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(slices.Clone(dictionary)) }}

// The times of an archived record stand in one field, before the version that archiving has made; an id that is a UUID
// stands as its bytes; whoever was tried once has no number of tries.
const (
	fieldTimes = "T"
	fieldUUID  = "U"
)

// timeFields are in the order of fieldTimes.
var timeFields = []string{fieldCreated, fieldSentAt, fieldCompleted, fieldArchived}

// brief are the fields of an archived record with fewer bytes: what takes the place of which.
func (r *Record) brief(archivedAt time.Time) (set map[string]string, instead []string) {
	times := packTimes(r.CreatedAt, r.SentAt, r.CompletedAt, archivedAt)
	set = map[string]string{fieldTimes: string(binary.AppendUvarint(times, uint64(r.Version+1)))}
	instead = slices.Clone(timeFields)
	switch r.Tries {
	case 0:
		set[fieldTries] = "0"
	case 1:
		instead = append(instead, fieldTries)
	}
	if id, err := hex.DecodeString(strings.ReplaceAll(r.EnvelopeID, "-", "")); err == nil && len(id) == 16 && uuid(id) == r.EnvelopeID {
		set[fieldUUID] = string(id)
		instead = append(instead, fieldEnvelopeID)
	}
	return set, instead
}

// whole tells that a record's hash has all of it: nothing was written since it was archived, so that there is no blob
// under a key of its own.
func whole(h map[string]string) bool {
	if h[fieldState] != letters[Archived] || h[pieceField(0)] == "" {
		return false
	}
	if packed, ok := h[fieldTimes]; ok {
		_, version := unpackTimes([]byte(packed))
		return version > 0 && h[fieldVersion] == strconv.FormatUint(version, 10)
	}
	return h[fieldVersion] == "1" // found in the archive, see [Entry.Pack]
}

// unbrief puts the fields back that brief has made shorter.
func unbrief(h map[string]string) {
	if packed, ok := h[fieldTimes]; ok {
		times, _ := unpackTimes([]byte(packed))
		for i, at := range times {
			h[timeFields[i]] = formatTime(at)
		}
		if h[fieldTries] == "" {
			h[fieldTries] = "1"
		}
	}
	if id, ok := h[fieldUUID]; ok && len(id) == 16 {
		h[fieldEnvelopeID] = uuid([]byte(id))
	}
}

func uuid(id []byte) string {
	x := hex.EncodeToString(id)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// packTimes is for each time how many milliseconds it is after the one before, and one more: 0 stands for none.
func packTimes(times ...time.Time) (b []byte) {
	last := int64(0)
	for _, t := range times {
		if t.IsZero() {
			b = append(b, 0)
			continue
		}
		by := t.UnixMilli() - last
		b = binary.AppendUvarint(b, uint64(by<<1^by>>63)+1) // small also when it is negative
		last = t.UnixMilli()
	}
	return b
}

// unpackTimes also returns the version that stands after the times; 0 stands for none.
func unpackTimes(b []byte) (times []time.Time, version uint64) {
	times, last := make([]time.Time, len(timeFields)), int64(0)
	for i := range times {
		x, n := binary.Uvarint(b)
		if n <= 0 {
			break
		}
		b = b[n:]
		if x > 0 {
			last += int64((x-1)>>1) ^ -int64((x-1)&1)
			times[i] = time.UnixMilli(last).UTC()
		}
	}
	version, _ = binary.Uvarint(b)
	return times, version
}

const (
	hashSize   = 32
	hashMark   = 1 // before the number of a hash
	mostHashes = 200
)

// withoutHashes takes the hashes out of a text: 64 digits become a mark and a number.
func withoutHashes(value []byte) (text, hashes []byte) {
	text = make([]byte, 0, len(value))
	for len(value) > 0 {
		n := 0
		for n < len(value) && isHex(value[n]) {
			n++
		}
		var sum [hashSize]byte
		if n == 2*hashSize {
			_, _ = hex.Decode(sum[:], value[:n]) // digits only
		}
		if at := indexOf(hashes, sum[:]); n == 2*hashSize && (at < mostHashes) {
			if at == len(hashes)/hashSize {
				hashes = append(hashes, sum[:]...)
			}
			text = append(text, hashMark, byte(at))
		} else {
			text = append(text, value[:n]...)
		}
		value = value[n:]
		for len(value) > 0 && !isHex(value[0]) {
			text, value = append(text, value[0]), value[1:]
		}
	}
	return text, hashes
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// indexOf is where a hash stands among others, or would.
func indexOf(hashes, sum []byte) int {
	for i := range len(hashes) / hashSize {
		if bytes.Equal(hashes[i*hashSize:(i+1)*hashSize], sum) {
			return i
		}
	}
	return len(hashes) / hashSize
}

// withHashes puts the hashes back.
func withHashes(text []byte, hashes string) ([]byte, error) {
	value := make([]byte, 0, len(text)+2*len(hashes))
	for {
		i := bytes.IndexByte(text, hashMark)
		if i < 0 {
			return append(value, text...), nil
		}
		if i+1 == len(text) || hashSize*int(text[i+1]) >= len(hashes) {
			return nil, errLean
		}
		at := hashSize * int(text[i+1])
		value = append(value, text[:i]...)
		value = hex.AppendEncode(value, []byte(hashes[at:at+hashSize]))
		text = text[i+2:]
	}
}

// writeWords writes a record's own words after the dictionary of all.
func (r *Record) writeWords(b *bytes.Buffer) {
	b.Truncate(len(dictionary))
	folder := r.Key() + "/"
	for i, kind := range []string{"dossier", "signed_document"} {
		name := folder + kind + ".pdf"
		for _, part := range []string{`,{"kind":"`, kind, `","key":"`, name, `","sha256":"`, string([]byte{hashMark, byte(1 - i)}),
			`","size":1,"content_type":"application/pdf","source":"","path":"`, name, `"}`} {
			b.WriteString(part)
		}
	}
	b.WriteString(`]}S0109:[{"name":"","email":"@gmail.com","state":"signed","signed_at":"2026-12-01T10:00:00Z"},{"name":"`)
	for _, part := range []string{`E0400:{"campaign":"`, r.Campaign, `","id":"`, r.ID, `","provider":"`, r.Provider, `","subject":"`} {
		b.WriteString(part)
	}
}
