package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/pairing"
)

// redis looks at what carries the ledger, by the checks that start every worker and that
// readyz makes.
func (d *doctor) redis(ctx context.Context) {
	const name = "redis"
	if d.cfg.RedisURL == "" {
		if len(d.cfg.keyed()) > 0 {
			d.wrong(name, "address", lang.Of("CHANCELA_REDIS_URL is not set"), lang.Of("set it, on one machine to local:PATH: with a provider's key nothing is sent without a Redis that lasts"))
		} else {
			d.note(name, "address", lang.Of("CHANCELA_REDIS_URL is not set"), lang.Of("set it before a provider's key is set: nothing is sent without a Redis that lasts then"))
		}
		return
	}
	where := redacted(d.cfg.RedisURL)
	var server ledger.Server
	db, end, err := d.cfg.reachRedis(ctx)
	if err == nil {
		d.engine.onClose(end)
		server, err = ledger.Inspect(ctx, db)
	}
	if err == nil {
		err = ledger.New(db, ledger.NotDurable).Writable(ctx)
	}
	if err != nil {
		d.wrong(name, "server", lang.Of("%v", err), lang.Of("start it, or set CHANCELA_REDIS_URL and its user's rights anew"))
		return
	}
	d.engine.redis = db
	d.fine(name, "server", lang.Of("%s answers and takes writes, version %s", where, server.Version))
	for _, w := range server.Warnings {
		d.note(name, "server", w, lang.Of("change it while nothing is being sent"))
	}
	switch {
	case server.Durability != ledger.NotDurable:
		d.fine(name, "durability", lang.Of("an intent to invite survives a crash: %s", server.Durability))
	case d.cfg.Marks != off:
		d.note(name, "durability", lang.Of("a crash of this Redis may forget the last moments: marks in the archive keep people from being invited twice"), lang.Of("set appendonly yes and appendfsync always, and nothing has to be enqueued again"))
	default:
		d.wrong(name, "durability", lang.Of("a crash of this Redis may forget an invitation, and it could be sent twice"), lang.Of("set appendonly yes and appendfsync always, or leave CHANCELA_MARKS on"))
	}
}

// doctorKey is the small file that the doctor leaves in the archive: no call removes one.
const doctorKey = archive.Own + "/doctor.txt"

const doctorText = "chancela doctor was here\n"

// archive looks whether the archive can be written to, keeps what it has, and gives it back.
func (d *doctor) archive(ctx context.Context) {
	const name = "archive"
	a, err := storage.OpenWith(ctx, d.cfg.ArchiveURL, d.cfg.s3())
	if err == nil {
		err = a.Ready(ctx)
	}
	if err != nil {
		d.wrong(name, "access", lang.Of("%v", err), lang.Of("look at CHANCELA_ARCHIVE_URL, and at the rights there"))
		return
	}
	for _, w := range a.Warnings() {
		d.note(name, "server", w, lang.Of("a store that knows them is safer"))
	}
	if d.engine.redis != nil {
		if err := pairing.Check(ctx, d.engine.redis, a); err != nil {
			d.wrong(name, "redis", lang.Of("%v", err), lang.Of("look at CHANCELA_ARCHIVE_URL and CHANCELA_REDIS_URL, or give this archive the id"))
			return // nothing is written into somebody else's
		}
	}
	put := func(text string) error {
		_, err := a.Put(ctx, doctorKey, strings.NewReader(text), "text/plain", nil)
		return err
	}
	if err := put(doctorText); err != nil {
		d.wrong(name, "write", lang.Of("%v", err), lang.Of("look at the rights of CHANCELA_ARCHIVE_URL"))
		return
	}
	switch err := put("other\n"); {
	case errors.Is(err, archive.ErrConflict):
		d.fine(name, "create-only", lang.Of("%s takes files, and replaces none", a))
	case err == nil:
		d.wrong(name, "create-only", lang.Of("a file was replaced by another"), lang.Of("choose another store: signed documents could be lost in it"))
	default:
		d.wrong(name, "create-only", lang.Of("%v", err), lang.Of("look at the rights of CHANCELA_ARCHIVE_URL"))
	}
	d.readAgain(ctx, a)
}

func (d *doctor) readAgain(ctx context.Context, a archive.Archive) {
	const name = "archive"
	want, err := archive.Sum(ctx, strings.NewReader(doctorText))
	if err == nil {
		body, _, opened := a.Open(ctx, doctorKey)
		if err = opened; err == nil {
			have, read := archive.Sum(ctx, body)
			body.Close()
			if err = read; err == nil && have != want {
				err = archive.ErrNotKept
			}
		}
	}
	if err != nil {
		d.wrong(name, "read", lang.Of("%v", err), lang.Of("look at the rights of CHANCELA_ARCHIVE_URL"))
		return
	}
	listed := false
	for o, err := range a.List(ctx, doctorKey) {
		if err != nil {
			d.wrong(name, "list", lang.Of("%v", err), lang.Of("give the right to list: report and verify need it"))
			return
		}
		listed = listed || o.Key == doctorKey
	}
	if !listed {
		d.wrong(name, "list", lang.Of("a file that is there is not in the list"), lang.Of("choose another store: report and verify would miss files"))
		return
	}
	d.fine(name, "read", lang.Of("what was written is read again, with the same SHA-256, and is in the list"))
	d.presign(ctx, a)
}

// presign reads a file by an address that the store has signed, as users of the HTTP API
// do. A folder has none.
func (d *doctor) presign(ctx context.Context, a archive.Archive) {
	address, err := a.Presign(ctx, doctorKey, time.Minute)
	if err == nil && address == "" {
		return
	}
	var answer *http.Response
	if err == nil {
		var r *http.Request
		if r, err = http.NewRequestWithContext(ctx, http.MethodGet, address, nil); err == nil {
			answer, err = (&http.Client{Timeout: 10 * time.Second, Transport: d.transport()}).Do(r)
		}
	}
	cure := lang.Of("downloads by the HTTP API would fail: look at AWS_ENDPOINT_URL_S3, the credentials and the clock")
	switch {
	case err != nil:
		d.wrong("archive", "presign", lang.Of("%v", unaddressed(err)), cure)
		return
	case answer.StatusCode != http.StatusOK:
		d.wrong("archive", "presign", lang.Of("a signed address answers HTTP %d", answer.StatusCode), cure)
	default:
		d.fine("archive", "presign", lang.Of("a signed address gives the file"))
	}
	answer.Body.Close()
}

// transport goes the way that all requests go: through the proxy, with the trusted roots.
func (d *doctor) transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: d.cfg.Roots.pool}
	t.DisableKeepAlives = true
	return t
}

// unaddressed is an error without the address that it is about: signatures and secrets
// stand in addresses.
func unaddressed(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// webhook looks at the address of callbacks, as far as that can be told from here.
func (d *doctor) webhook(ctx context.Context, name string) {
	address := string(d.cfg.account(name).WebhookURL)
	if address == "" {
		return
	}
	setting := variable(name, "WEBHOOK_URL")
	u, err := url.Parse(address)
	if err != nil {
		return // the configuration was read
	}
	real := d.cfg.isReal(name)
	switch {
	case real && u.Scheme != "https":
		d.wrong(name, "webhook", lang.Of("%s is plain http: callbacks could be read and forged on the way", setting), lang.Of("give serve an https address"))
	case real && !public(ctx, u.Hostname()):
		d.wrong(name, "webhook", lang.Of("%s names a host that is not on the public internet, as seen from here", setting), lang.Of("callbacks need a public address; without them envelopes are looked at from time to time"))
	}
	if d.cfg.account(name).WebhookSecret == "" {
		d.wrong(name, "webhook", lang.Of("%s is not set: serve refuses every callback", variable(name, "WEBHOOK_SECRET")), lang.Of("set it, beside the address"))
	}
	d.receiver(ctx, name, address)
}

// receiver asks for the address as a browser would: serve takes nothing but POST there, and
// says so.
func (d *doctor) receiver(ctx context.Context, name, address string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cure := lang.Of("chancela serve must be reachable there, at /webhooks/%s", name)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	answer, err := d.transport().RoundTrip(r)
	if err != nil {
		d.note(name, "webhook", lang.Of("its address does not answer from here: %v", unaddressed(err)), lang.Of("%v; from outside it may look different", cure))
		return
	}
	answer.Body.Close()
	if answer.StatusCode == http.StatusMethodNotAllowed && strings.Contains(answer.Header.Get("Allow"), http.MethodPost) {
		d.fine(name, "webhook", lang.Of("a receiver answers at %s, as seen from here", variable(name, "WEBHOOK_URL")))
		return
	}
	d.note(name, "webhook", lang.Of("its address answers HTTP %d, which is not what serve answers", answer.StatusCode), cure)
}

// public tells whether a name leads to an address that the public internet has.
func public(ctx context.Context, host string) bool {
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || len(ips) == 0 {
		return false
	}
	for _, ip := range ips {
		if !ip.IP.IsGlobalUnicast() || ip.IP.IsPrivate() {
			return false
		}
	}
	return true
}
