package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/scheduler"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// drainers are one way of doing the work.
type drainers struct {
	name string
	run  func(ctx context.Context, d *drained, round int) error
	fill func(ctx context.Context, d *drained, round int) error // before the clock starts
}

// drained is where envelopes are drained.
type drained struct {
	n       int
	base    string          // of the provider
	folder  string          // of the archive
	bucket  archive.Archive // instead of the folder
	syncs   bool            // the floors sync their files
	db      *redis.Client
	trips   *trips
	profile string
	name    string // of its profiles; empty: the folder's
}

// drain compares the engine with plain goroutines and with asynq handlers written by hand, which
// make the same six calls and write the same two files.
func drain(ctx context.Context, folder string, s sizes) ([]result, error) {
	base, stop, err := startQuick(ctx, fileSize)
	if err != nil {
		return nil, err
	}
	defer stop()
	var all []result
	for _, on := range []struct {
		name, fsync, archive string
		syncs                bool
	}{
		{"archive in memory, everysec", "everysec", memoryFolder, false},
		{"archive on disk, everysec", "everysec", folder, true},
		{"archive on disk, always", "always", folder, true},
	} {
		if on.archive == "" {
			fmt.Fprintln(os.Stderr, "drain: the archive in memory is left out: no /dev/shm")
			continue
		}
		results, err := drainOn(ctx, filepath.Join(folder, strings.ReplaceAll(on.name, " ", "-")), on.archive, on.name, on.fsync, base, on.syncs, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", on.name, err)
		}
		all = append(all, results...)
	}
	return all, nil
}

// memoryFolder is a folder without a disk; empty where there is none.
var memoryFolder = func() string {
	if _, err := os.Stat("/dev/shm"); err != nil {
		return ""
	}
	return "/dev/shm"
}()

func drainOn(ctx context.Context, folder, kept, name, fsync, base string, syncs bool, s sizes) ([]result, error) {
	db, stop, err := startRedis(ctx, folder, fsync)
	if err != nil {
		return nil, err
	}
	defer stop()
	files, err := os.MkdirTemp(kept, "bench-drain-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(files)
	d := &drained{n: s.drain, base: base, folder: files, syncs: syncs, db: db, trips: new(trips), profile: s.profile}
	db.AddHook(d.trips)
	ways := []drainers{{"plain", plainDrain, nil}, {"asynq by hand", byHand, fillByHand}, {"ours", engine, fillEngine}}
	costs := map[string][]cost{}
	for round := range s.rounds {
		for _, way := range ways { // interleaved: all have the same weather
			c, err := d.measure(ctx, way, round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", way.name, err)
			}
			fmt.Fprintf(os.Stderr, "drain, %s: %s %.0f/s, CPU %s, Redis CPU %s, %.1f trips, %.0f commands, %.0f MiB\n", name, way.name,
				c.perSecond, c.cpu, c.redis, c.trips, c.inside, c.memory)
			costs[way.name] = append(costs[way.name], c)
		}
	}
	return drainTable(name, costs), nil
}

func drainTable(name string, costs map[string][]cost) []result {
	line := func(what, unit string, value func(cost) float64) result {
		r := result{Scenario: "drain, " + name + what, Unit: unit, Ours: medianOf(costs["ours"], value), Floor: medianOf(costs["plain"], value)}
		r.Note = "asynq by hand " + digits(medianOf(costs["asynq by hand"], value))
		if r.Floor > 0 {
			r.Ratio = r.Ours / r.Floor
		}
		return r
	}
	return []result{
		line("", "envelopes/s", func(c cost) float64 { return c.perSecond }),
		line(", CPU", "µs/envelope", func(c cost) float64 { return micros(c.cpu) }),
		line(", CPU of Redis", "µs/envelope", func(c cost) float64 { return micros(c.redis) }),
		line(", round trips", "an envelope", func(c cost) float64 { return c.trips }),
		line(", commands in Redis", "an envelope", func(c cost) float64 { return c.inside }),
		line(", memory", "MiB", func(c cost) float64 { return c.memory }),
	}
}

// measure runs one way once, on an empty Redis and in a folder of its own.
func (d *drained) measure(ctx context.Context, way drainers, round int) (cost, error) {
	syscall.Sync() // what the run before has left to be written is none of this one's
	if err := d.db.FlushAll(ctx).Err(); err != nil {
		return cost{}, err
	}
	if way.fill != nil {
		if err := way.fill(ctx, d, round); err != nil {
			return cost{}, err
		}
	}
	return costOf(ctx, d.db, d.trips, d.n, profileOf(d.profile, way.name, fmt.Sprintf("%s-%d", cmp.Or(d.name, filepath.Base(d.folder)), round)), func() error { return way.run(ctx, d, round) })
}

// profileOf is the file that a profile of one of our runs is kept in; empty: none is.
func profileOf(folder, way, name string) string {
	if folder == "" || way != "ours" {
		return ""
	}
	return filepath.Join(folder, name+".pprof")
}

// The engine.

func quickProvider(base string) (providers.Provider, error) {
	return certyneo.New(rest.Settings{BaseURL: base, APIKey: "key", Simulated: true, Pacer: pace.Unlimited{}})
}

func engineParts(d *drained, round int) (*jobs.Client, providers.Provider, archive.Archive, error) {
	p, err := quickProvider(d.base)
	if err != nil {
		return nil, nil, nil, err
	}
	store := d.bucket
	if store == nil {
		if store, err = dir.Open(filepath.Join(d.folder, fmt.Sprintf("ours-%d", round))); err != nil {
			return nil, nil, nil, err
		}
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: d.db, Durability: ledger.DurableByAOF, Archive: store, Providers: []providers.Provider{p}, Log: unheard})
	return client, p, store, nil
}

func drainName(round int) string { return fmt.Sprintf("drain-%d", round) }

func fillEngine(ctx context.Context, d *drained, round int) error {
	client, _, _, err := engineParts(d, round)
	if err != nil {
		return err
	}
	return enqueueAll(ctx, client, drainName(round), d.n, true)
}

func engine(ctx context.Context, d *drained, round int) error { return drainWith(ctx, d, round, false) }

func drainWith(ctx context.Context, d *drained, round int, marked bool) error {
	client, p, store, err := engineParts(d, round)
	if err != nil {
		return err
	}
	var book *marks.Book
	if marked {
		book = marks.New(store)
	}
	return untilArchived(ctx, client, drainName(round), d.n, running(d.db, p, store, book, flowConcurrency, worker.Hooks{})...)
}

// running are a worker and a scheduler.
func running(db redis.UniversalClient, p providers.Provider, store archive.Archive, book *marks.Book, handlers int, hooks worker.Hooks) []func(context.Context) error {
	w := worker.New(worker.Config{Redis: db, Durability: ledger.DurableByAOF, Archive: store, Marks: book, Log: unheard, Hooks: hooks,
		Providers: []worker.ProviderConfig{{Provider: p, Concurrency: handlers, PollEvery: flowLookEvery, SettleAfter: 15 * time.Second}},
		RetryBase: time.Second, RetryMax: time.Minute, Attempts: 25, Shutdown: 10 * time.Second})
	clock := scheduler.New(scheduler.Config{Redis: db, Providers: []string{p.Info().Name}, LookEvery: flowLookEvery, Log: unheard})
	return []func(context.Context) error{w.Run, clock.Run}
}

// Plain goroutines.

func plainDrain(ctx context.Context, d *drained, round int) error {
	calls := newEndpoints(d.base)
	defer calls.client.CloseIdleConnections()
	folder := filepath.Join(d.folder, fmt.Sprintf("plain-%d", round))
	return each(ctx, d.n, func(ctx context.Context, i int) error {
		id, err := calls.send(ctx, i)
		if err != nil {
			return err
		}
		return calls.fetch(ctx, id, filepath.Join(folder, strconv.Itoa(i)), d.syncs)
	})
}

// send makes the first three calls of an envelope.
func (e endpoints) send(ctx context.Context, i int) (string, error) {
	var form bytes.Buffer
	form.WriteString("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lease.pdf\"\r\nContent-Type: application/pdf\r\n\r\n")
	form.Write(pdf)
	form.WriteString("\r\n--b--\r\n")
	document, err := e.made(ctx, "/documents", "multipart/form-data; boundary=b", form.String())
	if err != nil {
		return "", err
	}
	return e.invite(ctx, i, document)
}

// invite makes and sends an envelope of a document.
func (e endpoints) invite(ctx context.Context, i int, document string) (string, error) {
	id, err := e.made(ctx, "/envelopes", "application/json", fmt.Sprintf(`{"subject":"Lease %d","documentIds":[%q],"recipients":[{"email":"ana@example.com","name":"Ana Prova da Silva","role":"SIGNER"}]}`, i, document))
	if err != nil {
		return "", err
	}
	resp, err := e.call(ctx, "POST", "/envelopes/"+id+"/send", "", "")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return id, err
}

// made is the id in an answer.
func (e endpoints) made(ctx context.Context, path, kind, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", e.base+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", kind)
	return e.madeBy(req)
}

func (e endpoints) madeBy(req *http.Request) (string, error) {
	resp, err := e.do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	_, id, _ := strings.Cut(string(b), `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	return id, err
}

// fetch makes the last three calls, and keeps two files and a word that they are there.
func (e endpoints) fetch(ctx context.Context, id, folder string, sync bool) error {
	resp, err := e.call(ctx, "GET", "/envelopes/"+id, "", "")
	if err != nil {
		return err
	}
	final, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"signed-document", "audit-trail"} {
		resp, err := e.call(ctx, "GET", "/envelopes/"+id+"/"+name, "", "")
		if err != nil {
			return err
		}
		err = keep(filepath.Join(folder, name+".pdf"), resp.Body, sync)
		resp.Body.Close()
		if err != nil {
			return err
		}
	}
	return keep(filepath.Join(folder, "manifest.json"), bytes.NewReader(final), sync)
}

func keep(name string, content io.Reader, sync bool) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, content); err != nil || !sync {
		return err
	}
	return f.Sync()
}

// asynq by hand: a task that sends and one that fetches, with nothing else remembered.

func byHandClient(d *drained) *asynq.Client { return asynq.NewClientFromRedisClient(d.db) }

func fillByHand(ctx context.Context, d *drained, round int) error {
	client := byHandClient(d)
	for i := range d.n {
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("send", []byte(strconv.Itoa(i))), asynq.Queue("hand")); err != nil {
			return err
		}
	}
	return nil
}

func byHand(ctx context.Context, d *drained, round int) error {
	calls, client := newEndpoints(d.base), byHandClient(d)
	defer calls.client.CloseIdleConnections()
	folder := filepath.Join(d.folder, fmt.Sprintf("hand-%d", round))
	var left sync.WaitGroup
	left.Add(d.n)
	mux := asynq.NewServeMux()
	mux.HandleFunc("send", func(ctx context.Context, t *asynq.Task) error {
		i, err := strconv.Atoi(string(t.Payload()))
		if err != nil {
			return err
		}
		id, err := calls.send(ctx, i)
		if err != nil {
			return err
		}
		_, err = client.EnqueueContext(ctx, asynq.NewTask("fetch", []byte(id)), asynq.Queue("hand"))
		return err
	})
	mux.HandleFunc("fetch", func(ctx context.Context, t *asynq.Task) error {
		id := string(t.Payload())
		if err := calls.fetch(ctx, id, filepath.Join(folder, id), d.syncs); err != nil {
			return err
		}
		left.Done()
		return nil
	})
	s := asynq.NewServerFromRedisClient(d.db, asynq.Config{Concurrency: flowConcurrency, Queues: map[string]int{"hand": 1}, LogLevel: asynq.ErrorLevel})
	if err := s.Start(mux); err != nil {
		return err
	}
	left.Wait()
	s.Shutdown()
	return nil
}
