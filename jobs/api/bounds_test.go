package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/providers/providertest"
)

// longSheet is a campaign of rows with more columns, each named after its number, and a last row
// that is wrong, so that nothing is enqueued.
func longSheet(rows, columns int, name, value string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(csvHead, "\n"))
	for i := range columns {
		fmt.Fprintf(&b, ","+name, i+2)
	}
	for i := range rows {
		b.WriteString("\n" + strings.TrimSuffix(csvRow(fmt.Sprint(i), "a.pdf"), "\n") + strings.Repeat(value, columns))
	}
	return b.String() + "\nlast\n"
}

// Small bodies that would make large work: nothing costs more than 64 MB at once or 2 s of CPU.
func TestSmallBodiesMakeNoLargeWork(t *testing.T) {
	costsAreOwn(t)
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	const envelope, campaign = "/v1/campaigns/june/envelopes", "/v1/campaigns?campaign=june"
	object := func(fields string) string {
		return strings.TrimSuffix(marshal(t, envelopeJSON("1", pdf("a"))), "}") + "," + fields + "}"
	}
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	form := func(parts ...file) func() (string, io.Reader) {
		return func() (string, io.Reader) { return formBody(t, parts...) }
	}
	text := func(body string) func() (string, io.Reader) {
		return func() (string, io.Reader) { return "application/json", strings.NewReader(body) }
	}
	fields := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%x":"",`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	bar := csvHead + "1,certyneo,S," + strings.Repeat("|", 1<<20-200) + ",Ana,a@b.com,52998224725\n"
	parts := []file{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}}
	for i := range maxParts + 1 {
		parts = append(parts, file{"d", fmt.Sprint(i, ".pdf"), "x"})
	}
	signed := func(rows, columns int, name, value string) func() (string, io.Reader) {
		return func() (string, io.Reader) {
			sheet := longSheet(rows, columns, name, value)
			return formBody(t, file{"file", "june.csv", sheet}, file{"d", "a.pdf", pdf("a")})
		}
	}
	for name, c := range map[string]struct {
		path string
		body func() (string, io.Reader)
	}{
		"4 MB of empty signers":           {envelope, text(object(`"signers":[` + many(1_300_000, "{}") + `]`))},
		"4 MB of empty signers, campaign": {campaign, text(`{"envelopes":[` + object(`"signers":[`+many(1_300_000, "{}")+`]`) + `]}`)},
		"5,000 sources":                   {envelope, text(object(`"documents":[` + many(5000, `"s3://b/k"`) + `]`))},
		"a million fields":                {envelope, text(object(`"meta":{` + fields(400_000) + `}`))},
		"a million unknown fields":        {envelope, text("{" + fields(400_000) + "}")},
		"a million numbers":               {envelope, text(object(`"more":[` + many(2_000_000, "1") + `]`))},
		"deep nesting":                    {envelope, text(strings.Repeat(`{"a":`, 800_000))},
		"deep lists":                      {envelope, text(strings.Repeat(`[`, 4<<20))},
		"empty envelopes":                 {campaign, text(`{"envelopes":[` + many(1_300_000, "{}") + `]}`)},
		"null envelopes":                  {campaign, text(`{"envelopes":[` + many(800_000, "null") + `]}`)},
		"one long string":                 {envelope, text(object(`"message":"` + strings.Repeat("x", 4<<20) + `"`))},
		"one long escaped string":         {envelope, text(object(`"message":"` + strings.Repeat(`\u0041`, 600_000) + `"`))},
		"one long name":                   {envelope, text(`{"` + strings.Repeat("x", 4<<20) + `":1}`)},
		"documents without end in base64": {envelope, text(object(`"documents":[` + many(5000, `{"name":"a.pdf","content":"QQ=="}`) + `]`))},
		"one row of a million documents":  {campaign, form(file{"file", "june.csv", bar})},
		"one row of a million columns":    {campaign, form(file{"file", "june.csv", csvHead + strings.Repeat(",", 1<<20-100) + "\n"})},
		"a header of a million columns":   {campaign, form(file{"file", "june.csv", strings.Repeat("x,", 1<<19-100) + "\n1\n"})},
		"a header of a million signers":   {campaign, form(file{"file", "june.csv", csvHead[:len(csvHead)-1] + ",signer1000000.name\n" + csvRow("1", "a.pdf")})},
		"a million bad rows":              {campaign, form(file{"file", "june.csv", csvHead + strings.Repeat("x\n", 1<<20)})},
		"a million quotes":                {campaign, form(file{"file", "june.csv", csvHead + strings.Repeat("\"\n", 1<<20)})},
		"3,000 rows of 99 signers":        {campaign, signed(3000, 98, "signer%[1]d.name,signer%[1]d.email", ",Ana,a@b.com")},
		"95 columns of meta":              {campaign, signed(20_000, 95, "meta.m%d", ",x")},
		"60,000 rows":                     {campaign, signed(60_000, 0, "", "")},
		"a sheet of 40 MB":                {campaign, signed(40_000, 1, "meta.m%d", ","+strings.Repeat("x", 950))},
		"parts without end":               {campaign, form(parts...)},
		"a part with a long name":         {campaign, form(file{"d", strings.Repeat("x", 4<<20), "x"})},
		"a part with many headers": {campaign, func() (string, io.Reader) {
			return "multipart/form-data; boundary=B", strings.NewReader("--B\r\n" + strings.Repeat("X: y\r\n", 500_000))
		}},
		"a field without end":                {campaign, form(file{"campaign", "", strings.Repeat("x", 4<<20)})},
		"a resolution without end":           {"/v1/campaigns/june/envelopes/1/resolve", text(`{"sent":"` + strings.Repeat("x", 4<<20) + `"}`)},
		"a callback without end":             {"/webhooks/certyneo", text(strings.Repeat("[", 4<<20))},
		"a callback of a megabyte":           {"/webhooks/certyneo", text(strings.Repeat("[", 1<<20-1))},
		"ids to a campaign's operation":      {"/v1/campaigns/june/cancel", text(`[` + many(1_000_000, `"1"`) + `]`)},
		"what the library's decoder expects": {envelope, text(object(`"stamp":` + strings.Repeat("1", 4<<20)))},
	} {
		contentType, body := c.body()
		percent := debug.SetGCPercent(20) // what counts is what is held, not what is soon collected
		s.costsLittle(name, c.path, contentType, body)
		debug.SetGCPercent(percent)
	}
	leftovers(t)
}

// costsAreOwn skips a test of what a request costs under the race detector, which costs far
// more than any request. One goroutine answers it: there is no race to find.
func costsAreOwn(t *testing.T) {
	t.Helper()
	if providertest.Raced {
		t.Skip("costs are measured without the race detector")
	}
}

// costsLittle sends a body that is refused, and judges what that has cost.
func (s *stack) costsLittle(name, path, contentType string, body io.Reader) {
	t := s.t
	t.Helper()
	const most = 2 * time.Second
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, body)
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop := peak()
	cpu := cpuTime(t)
	s.server.handler.ServeHTTP(w, r)
	cpu = cpuTime(t) - cpu
	got := int64(stop()) - int64(before.HeapAlloc)
	t.Logf("%-36s %d %4d MB %s", name, w.Code, got>>20, cpu.Round(time.Millisecond))
	if w.Code < 400 || w.Code >= 500 {
		t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
	}
	if got > 64<<20 || cpu > most {
		t.Errorf("%s: %d MB, %s", name, got>>20, cpu)
	}
	if w.Body.Len() > 1<<20 {
		t.Errorf("%s: an answer of %d bytes", name, w.Body.Len())
	}
}

// cpuTime is what this process has computed. The system's part is left out: it says more about the
// disk (3,000 files cost 0.07 s in one folder and 2.3 s in another of the same ext4) than about a body.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano())
}

// A page of envelopes is bounded by what it holds, not by their number alone.
func TestPageOfLargeEnvelopes(t *testing.T) {
	s := newStack(t, nil)
	s.server.pageBytes = 1 << 20
	meta := map[string]string{}
	for i := range 10 {
		meta[fmt.Sprint("k", i)] = strings.Repeat("x", 5000)
	}
	for i := range 40 {
		e := envelopeJSON(fmt.Sprint(i), pdf("a"))
		e["meta"] = meta
		s.postJSON("/v1/campaigns/june/envelopes", e).want(t, http.StatusAccepted, nil)
	}
	seen, pages := 0, 0
	for cursor := ""; ; pages++ {
		var page struct {
			Envelopes []struct{ ID string }
			Next      *string
		}
		r := s.get("/v1/campaigns/june/envelopes?limit=1000&cursor="+cursor).want(t, http.StatusOK, &page)
		if len(r.body) > s.server.pageBytes+firstRead*60_000 {
			t.Errorf("a page of %d KB", len(r.body)>>10)
		}
		for _, e := range page.Envelopes {
			if e.ID != fmt.Sprint(seen) {
				t.Fatalf("%s comes after %d", e.ID, seen)
			}
			seen++
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	if seen != 40 || pages == 0 {
		t.Errorf("%d of 40 on %d pages", seen, pages+1)
	}
}

// Who sends no body holds no connection: an answer comes at once, and the connection ends.
func TestBodiesThatNeverCome(t *testing.T) {
	s := keyed(t, nil)
	heads := []string{
		"POST /v1/campaigns HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n",
		"POST /v1/campaigns/june/envelopes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
		"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
	}
	var connections []net.Conn
	for _, head := range heads {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(stalled)) // by then a body that is waited for has stalled
		io.WriteString(conn, head)
		connections = append(connections, conn)
	}
	for i, conn := range connections {
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%q: %v", heads[i], err)
		}
		if res.StatusCode == http.StatusOK && !strings.HasPrefix(heads[i], "GET") {
			t.Errorf("%q: %d", heads[i], res.StatusCode)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: the connection stays open", heads[i])
		}
	}
}

// clock stands for the deadlines of a connection.
type clock struct {
	http.ResponseWriter
	deadline time.Time
}

func (c *clock) SetReadDeadline(t time.Time) error { c.deadline = t; return nil }

// A body may stall for a while, and must move on average; at its end no deadline is left.
func TestDeadlinesOfBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clock{ResponseWriter: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 64<<10)))
		b := newTimedBody(c, r, apiRoute, time.Now())
		if left := time.Until(c.deadline); left != stalled {
			t.Errorf("%s before the first byte", left)
		}
		b.begun = b.begun.Add(-time.Minute) // a minute for nothing
		if _, err := b.Read(make([]byte, 1)); err != nil || time.Until(c.deadline) != stalled-time.Minute {
			t.Errorf("%s after a minute, %v", time.Until(c.deadline), err)
		}
		b.read = 1 << 30
		b.Read(make([]byte, 1))
		if left := time.Until(c.deadline); left != stalled {
			t.Errorf("%s for one that moves", left)
		}
		io.Copy(io.Discard, b)
		if !c.deadline.IsZero() {
			t.Error("a deadline is left")
		}
		newTimedBody(c, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")), webhookRoute, time.Now())
		if left := time.Until(c.deadline); left != callbackTimeout {
			t.Errorf("a callback has %s", left)
		}
		b = newTimedBody(c, httptest.NewRequest(http.MethodPost, "/", iotest.ErrReader(os.ErrDeadlineExceeded)), apiRoute, time.Now())
		_, err := io.ReadAll(b)
		if p, ok := err.(*Problem); !ok || p.Status != http.StatusRequestTimeout {
			t.Errorf("%v", err)
		}
	})
}

func TestUploadsAreBounded(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, func(c *Config) { c.Limits.Campaign = 1 << 20 })
	free := int64(spareDisk)
	s.server.uploads.free = func(string) (int64, error) { return free, nil }
	parts := []file{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}}
	r := s.postForm("/v1/campaigns", parts...)
	if r.problem(t, http.StatusInsufficientStorage); r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	free = math.MaxInt64 / 2
	s.postForm("/v1/campaigns", parts...).want(t, http.StatusAccepted, nil)
	big := append(parts, file{"d", "b.pdf", strings.Repeat("x", 1<<20)})
	s.postForm("/v1/campaigns", big...).problem(t, http.StatusRequestEntityTooLarge)
	contentType, body := formBody(t, big...)
	s.do(http.MethodPost, "/v1/campaigns", contentType, io.MultiReader(body)).problem(t, http.StatusRequestEntityTooLarge) // of unknown length

	// All places are taken.
	s.server.uploads.wait = time.Millisecond
	for range maxUploads {
		s.server.uploads.slots <- struct{}{}
	}
	if r := s.postForm("/v1/campaigns", parts...); r.problem(t, http.StatusServiceUnavailable).Detail == "" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%v", r.Header)
	}
	for range maxUploads {
		<-s.server.uploads.slots
	}
	leftovers(t)
	if !diskFull(&os.PathError{Op: "write", Err: syscall.ENOSPC}) {
		t.Error("a full disk is not known")
	}
}

// What a killed process has left is removed at the next start; what a living one has
// is not touched.
func TestFoldersThatWereLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, dead := newUploads(slog.Default()), newUploads(slog.Default())
	defer alive.close()
	for _, u := range []*uploads{alive, dead} {
		files, err := u.begin(t.Context(), -1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := files.keep(strings.NewReader("x"), ""); err != nil {
			t.Fatal(err)
		}
	}
	stranger := filepath.Join(os.TempDir(), uploadsDir+"of-somebody") // has no lock
	if err := os.Mkdir(stranger, 0o700); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close() // as the end of its process does
	newUploads(slog.Default())
	for dir, want := range map[string]bool{alive.dir: true, dead.dir: false, stranger: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %t", dir, err == nil)
		}
	}
}
