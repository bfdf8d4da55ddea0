package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/redistest"
)

// files are artifacts as the archive names them, with hashes that do not repeat.
func files(key string, names ...string) json.RawMessage {
	var all []string
	for i, name := range names {
		sum := sha256.Sum256(fmt.Append(nil, key, i))
		all = append(all, fmt.Sprintf(`{"kind":%q,"key":"%s/%s","sha256":"%x","size":%d,"content_type":"application/pdf","source":"","path":"%s/%s"}`,
			strings.TrimSuffix(name, ".pdf"), key, name, sum, 20480+i, key, name))
	}
	return json.RawMessage("[" + strings.Join(all, ",") + "]")
}

func content(id string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"campaign":"june","id":%q,"provider":"certyneo","subject":"Lease %s","documents":[{"name":"lease.pdf","sha256":"%x","size":193,"type":"application/pdf"}],`+
		`"signers":[{"name":"Beatriz %s Conceição","email":"b%s@firma.com.br","phone":"+5511987%s","document":"52998224725"}]}`, id, id, sha256.Sum256([]byte(id)), id, id, id))
}

// idOf is an id as most providers give it.
func idOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return uuid(sum[:16])
}

var created = time.UnixMilli(1795745650000).UTC()

// archivedOne brings an envelope to its end, as a worker does.
func archivedOne(t *testing.T, l *Ledger, id string, envelope json.RawMessage) *Record {
	t.Helper()
	out, err := l.Create(t.Context(), []Entry{{Campaign: "june", ID: id, Provider: "certyneo", Digest: fmt.Sprintf("v1:%x", sha256.Sum256([]byte("digest"+id))), State: Sent,
		Content: Content{Envelope: envelope, EnvelopeID: idOf(id), CreatedAt: created, SentAt: created.Add(1500 * time.Millisecond), Trace: "trace", Tries: 1}}})
	if err != nil || out[0].Verdict != Created {
		t.Fatal(out, err)
	}
	r := get(t, l, id)
	c, err := l.Complete(t.Context(), r, Ending{To: Completed, Final: []byte(`{"status":"done"}`),
		Signers: []byte(`[{"name":"Beatriz ` + id + ` Conceição","email":"b` + id + `@firma.com.br","state":"signed","signed_at":"2026-06-02T09:00:00Z"}]`)}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.AddArtifacts([]byte(`[]`)) // of an attempt before
	if err := c.Archive(t.Context(), time.UnixMilli(1795745655189), files(r.Key(), "signed_document.pdf", "dossier.pdf"), false); err != nil {
		t.Fatal(err)
	}
	return get(t, l, id)
}

// TestArchivedIsLean: an archived envelope is one small hash, a name and a place, and everything that reports tell of it is read back.
func TestArchivedIsLean(t *testing.T) {
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t)})
	defer db.Close()
	l := New(db, NotDurable)
	const n = 500
	for i := range n {
		id := fmt.Sprintf("e-%06d", i)
		r := archivedOne(t, l, id, content(id))
		if string(r.Envelope) != string(content(id)) || !strings.Contains(string(r.Signers), "Beatriz "+id) || string(r.Artifacts) != string(files(r.Key(), "signed_document.pdf", "dossier.pdf")) {
			t.Fatalf("%+v", r)
		}
		if key, err := l.KeyOf(t.Context(), "certyneo", idOf(id)); err != nil || key != r.Key() || r.EnvelopeID != idOf(id) {
			t.Fatalf("its id is %s, which is that of %q: %v", r.EnvelopeID, key, err)
		}
		if !r.CreatedAt.Equal(created) || r.SentAt.Sub(created) != 1500*time.Millisecond || r.CompletedAt.IsZero() || r.Tries != 1 {
			t.Fatalf("%+v", r)
		}
		if len(r.Final)+len(r.Listed)+len(r.Evidence)+len(r.Trace) > 0 || r.State != Archived || r.ArchivedAt.UnixMilli() != 1795745655189 {
			t.Fatalf("%+v", r)
		}
	}
	var hashes, blobs, total int64
	for _, key := range db.Keys(t.Context(), envelopeKey("*")).Val() {
		if encoding := db.ObjectEncoding(t.Context(), key).Val(); encoding != "listpack" && encoding != "ziplist" {
			t.Fatalf("%s is a %s", key, encoding)
		}
		hashes++
		total += db.MemoryUsage(t.Context(), key).Val()
	}
	blobs = int64(len(db.Keys(t.Context(), blobKey("*")).Val()))
	if hashes != n || blobs != 0 || total/n > 540 {
		t.Errorf("%d hashes of %d bytes, %d blobs", hashes, total/n, blobs)
	}
}

// TestArchivedIsRead: what was packed is what is read, however long it is and whatever it holds.
func TestArchivedIsRead(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	long := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "0123456789abcdefghijklmnopqrstuvwxyzÁ\\"[random.IntN(38)]
		}
		return string(b)
	}
	hashes := make([]string, 300)
	for i := range hashes {
		hashes[i] = fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, i)))
	}
	for name, text := range map[string]string{
		"nothing": "", "short": `{}`, "one hash": hashes[0], "two in one": hashes[0] + hashes[1], "63 digits": hashes[0][1:], "upper case": strings.ToUpper(hashes[0]),
		"many hashes": strings.Join(hashes, ","), "the same hash": strings.Repeat(hashes[7]+" ", 300), "a mark": "\x01\x00" + hashes[0], "long": long(900), "very long": long(5000),
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := open(t)
			r := archivedOne(t, l, "1", json.RawMessage(text))
			if string(r.Envelope) != text || len(r.Signers) == 0 || len(r.Artifacts) == 0 {
				t.Errorf("read %q; %d %d", r.Envelope, len(r.Signers), len(r.Artifacts))
			}
			heads, err := l.Heads(t.Context(), []string{"june/1"})
			if err != nil || heads[0].State != Archived || len(heads[0].Envelope) != 0 {
				t.Errorf("%+v %v", heads[0], err)
			}
		})
	}
}

// TestArchivedIsWrittenLater: what comes after the end counts, and forgetting removes all of both places but the files.
func TestArchivedIsWrittenLater(t *testing.T) {
	l, _ := open(t)
	r := archivedOne(t, l, "1", content("1"))
	if err := l.RecordEvidence(t.Context(), r, []byte(`[{"face":"seen"}]`)); err != nil {
		t.Fatal(err)
	}
	r = get(t, l, "1")
	if string(r.Evidence) != `[{"face":"seen"}]` || string(r.Envelope) != string(content("1")) {
		t.Errorf("%+v", r)
	}
	out, err := l.Create(t.Context(), []Entry{{Campaign: "june", ID: "1", Provider: "certyneo", Digest: r.Digest, State: Queued, Content: Content{Envelope: content("1")}}})
	if err != nil || out[0].Verdict != Same || out[0].State != Archived {
		t.Errorf("%+v %v", out, err)
	}
	for range 2 { // and once more
		if n, err := forget(t, l, false); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r = get(t, l, "1")
		if len(r.Envelope)+len(r.Signers)+len(r.Evidence) != 0 || string(r.Artifacts) != string(files("june/1", "signed_document.pdf", "dossier.pdf")) || r.State != Archived {
			t.Errorf("%+v", r)
		}
		h := l.db.HGetAll(t.Context(), envelopeKey("june/1")).Val()
		all, err := sections(pieced(h))
		if _, people := all[secPeople]; err != nil || people || len(all) != 1 {
			t.Errorf("pieces %v %v", all, err)
		}
		for f := range h {
			if strings.HasPrefix(f, piecePrefix) && f > pieceField(1) {
				t.Errorf("a piece %q is left", f)
			}
		}
		if n := l.db.Exists(t.Context(), blobKey("june/1")).Val(); n != 0 {
			t.Error("a blob is left")
		}
	}
}

// TestFoundArchivedIsLean: one that is found in the archive is recorded as one that was archived from here.
func TestFoundArchivedIsLean(t *testing.T) {
	l, _ := open(t)
	key := "june/1"
	e := Entry{Campaign: "june", ID: "1", Provider: "certyneo", Digest: "v1:1", State: Archived,
		Content: Content{Envelope: content("1"), Signers: []byte(`[{"name":"Ana"}]`), Artifacts: files(key, "package.zip"), EnvelopeID: "x", ArchivedAt: time.UnixMilli(5000)}}
	if out, err := l.Create(t.Context(), []Entry{e}); err != nil || out[0].Verdict != Created {
		t.Fatal(out, err)
	}
	r := get(t, l, "1")
	if string(r.Envelope) != string(content("1")) || string(r.Signers) != `[{"name":"Ana"}]` || string(r.Artifacts) != string(files(key, "package.zip")) || r.ArchivedAt.UnixMilli() != 5000 {
		t.Errorf("%+v", r)
	}
	if n := l.db.Exists(t.Context(), blobKey(key)).Val(); n != 0 {
		t.Error("it has a blob of its own")
	}
}

// TestArchivedOfBefore: one that was archived when its blob had a key of its own and its times fields of theirs is read, written and forgotten.
func TestArchivedOfBefore(t *testing.T) {
	l, _ := open(t)
	was := Content{Envelope: content("1"), Signers: []byte(`[{"name":"Ana"}]`), Artifacts: files("june/1", "dossier.pdf"), EnvelopeID: idOf("1"), CreatedAt: created, SentAt: created, ArchivedAt: created.Add(time.Hour)}
	if out, err := l.Create(t.Context(), []Entry{{Campaign: "june", ID: "1", Provider: "certyneo", Digest: "v1:1", State: Archived, Content: was}}); err != nil || out[0].Verdict != Created {
		t.Fatal(out, err)
	}
	for f := range l.db.HGetAll(t.Context(), envelopeKey("june/1")).Val() {
		if strings.HasPrefix(f, piecePrefix) {
			l.db.HDel(t.Context(), envelopeKey("june/1"), f)
		}
	}
	l.db.Set(t.Context(), blobKey("june/1"), was.blob(true), 0)
	r := get(t, l, "1")
	if string(r.Envelope) != string(content("1")) || string(r.Signers) != string(was.Signers) || string(r.Artifacts) != string(was.Artifacts) || r.EnvelopeID != was.EnvelopeID || !r.ArchivedAt.Equal(was.ArchivedAt) || r.Tries != 0 {
		t.Errorf("%+v", r)
	}
	if err := l.RecordEvidence(t.Context(), r, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if r = get(t, l, "1"); string(r.Evidence) != `{}` || len(r.Envelope) == 0 {
		t.Errorf("%+v", r)
	}
	if n, err := forget(t, l, false); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if r = get(t, l, "1"); len(r.Envelope)+len(r.Signers)+len(r.Evidence) != 0 || string(r.Artifacts) != string(was.Artifacts) {
		t.Errorf("%+v", r)
	}
}

// TestBrokenPieces: what is not ours is an error, and nothing panics.
func TestBrokenPieces(t *testing.T) {
	r := &Record{Campaign: "june", ID: "1", Envelope: content("1"), Artifacts: files("june/1", "dossier.pdf")}
	whole := r.remains(nil)
	for i := range whole {
		for _, broken := range [][]byte{whole[:i], append(bytes.Clone(whole[:i]), append([]byte{whole[i] ^ 0xff}, whole[i+1:]...)...), slices.Concat(whole[:i], whole[i+1:])} {
			_ = (&Record{Campaign: "june", ID: "1"}).readBlob(string(broken), false)
		}
	}
	for _, packed := range []string{"P20:", "P21:\x01", "P23:\x00ab", "P01:x", "P12:ab", "P"} {
		if err := (&Record{Campaign: "june", ID: "1"}).readBlob(packed, false); err == nil {
			t.Errorf("%q is read", packed)
		}
	}
}

func TestTimesArePacked(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	for _, times := range [][]time.Time{
		{at(1795745650000), at(1795745651500), at(1780390800000), at(1795745655189)}, // signed before it was sent, by the provider's clock
		{at(1795745650000), {}, {}, at(1795745655189)},
		{{}, {}, {}, {}},
		{at(-5), at(-5), at(0), at(1)},
	} {
		if got, _ := unpackTimes(packTimes(times...)); !slices.Equal(got, times) {
			t.Errorf("%v are %v", times, got)
		}
	}
	for _, broken := range []string{"", "\xff", "\x01\x01"} {
		if got, _ := unpackTimes([]byte(broken)); len(got) != len(timeFields) {
			t.Errorf("%q is %v", broken, got)
		}
	}
}
