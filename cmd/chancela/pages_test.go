package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// pictures has the walk write the README's pictures:
//
//	go test ./cmd/chancela -run TestPeopleWalkThrough -pictures
var pictures = flag.Bool("pictures", false, "write the README's pictures of the pages")

const picturesDir = "../../.github/pictures"

// program finds one, or ends the test: as failed where CHANCELA_TEST_REQUIRE has the word.
func program(t *testing.T, word string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), word) {
		t.Fatalf("%s is required and not installed", names[0])
	}
	t.Skipf("%s is not installed", names[0])
	return ""
}

const axeVersion = "4.14.1"

// axeCore is the program that looks for what keeps people from using a page, from npm;
// empty when there is none.
func axeCore(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	dir := filepath.Join(cache, "chancela-test")
	if err != nil || os.MkdirAll(dir, 0o700) != nil { // a user without a home
		dir = t.TempDir()
	}
	packed := filepath.Join(dir, "axe-core-"+axeVersion+".tgz")
	if _, err := os.Stat(packed); err != nil {
		npm := program(t, "browser", "npm")
		fresh, err := os.MkdirTemp(dir, "pack-") // no half a file stays for the next run
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(fresh)
		out, err := exec.CommandContext(t.Context(), npm, "pack", "axe-core@"+axeVersion, "--pack-destination", fresh,
			"--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000").CombinedOutput()
		if err == nil {
			err = os.Rename(filepath.Join(fresh, filepath.Base(packed)), packed)
		}
		if err != nil {
			if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "browser") {
				t.Fatalf("npm has no axe-core: %v: %s", err, out)
			}
			t.Logf("without axe-core: %v", err)
			return ""
		}
	}
	file, err := os.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if err != nil {
			t.Fatalf("axe.min.js: %v", err)
		}
		if h.Name == "package/axe.min.js" {
			b, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
}

// walk is somebody who goes through the pages.
type walk struct {
	t   *testing.T
	ctx context.Context
	url string
	axe string
}

// is asks the page something; a promise is waited for.
func is[T any](w *walk, script string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 3*time.Minute)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		w.fail("%v", err)
	}
	return answer
}

// until asks the page until it says yes: also over a change of page.
func (w *walk) until(what, script string) {
	w.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(30 * time.Millisecond) {
		if yes, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](script)); err == nil && yes {
			return
		}
		if time.Now().After(deadline) {
			w.fail("it did not come to pass that %s", what)
		}
	}
}

func (w *walk) open(path string) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, chromedp.Navigate(w.url+path)); err != nil {
		w.fail("%v", err)
	}
}

// click presses what has these words, and waits for the page that it leads to.
func (w *walk) click(words string) {
	w.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll("a, button")].find((e) => e.innerText.trim() === %q)`, words)
	if !is[bool](w, find+" !== undefined") {
		w.fail("there is nothing to press with the words %q", words)
	}
	is[bool](w, "window.before = true; "+find+".click(); true")
	w.until("the next page is there", `!window.before && document.readyState === "complete"`)
}

func (w *walk) fail(format string, args ...any) {
	w.t.Helper()
	said, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	w.t.Fatalf("%s: %.2000s", fmt.Sprintf(format, args...), said)
}

// sees waits until the page says something: without a reload.
func (w *walk) sees(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		w.until("the page says "+text, fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
	}
}

// fits judges the page: nothing wider than the screen, and nothing that axe-core objects to.
func (w *walk) fits() {
	w.t.Helper()
	where := is[string](w, "location.pathname")
	if is[bool](w, `document.documentElement.scrollWidth > window.innerWidth`) {
		w.t.Errorf("%s is wider than the screen", where)
	}
	if w.axe == "" {
		return
	}
	report := is[string](w, w.axe+`; axe.run().then((r) => JSON.stringify(r.violations.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html)}))))`)
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(report), &violations); err != nil {
		w.t.Fatal(err)
	}
	for _, v := range violations {
		w.t.Errorf("%s: %s: %s: %.600s", where, v.ID, v.Help, v.Nodes)
	}
}

// looks sets what the browser asks for: language, colours, and the width of the screen.
func (w *walk) looks(lang, colours string, width int64) {
	w.t.Helper()
	err := chromedp.Do(w.ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		_, err2 := cdp.Call(ctx, tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
		_, err3 := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: colours}}})
		_, err4 := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500})
		return errors.Join(err, err2, err3, err4)
	}))
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *walk) picture(name string) {
	w.t.Helper()
	if !*pictures {
		return
	}
	b, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err := errors.Join(err, os.MkdirAll(picturesDir, 0o755), os.WriteFile(filepath.Join(picturesDir, name+".png"), b, 0o644)); err != nil {
		w.t.Fatal(err)
	}
}

// startWalk serves everything with simulated providers, and opens a browser.
func startWalk(t *testing.T) (*walk, *ledger.Ledger) {
	t.Helper()
	chromium := program(t, "browser", "chromium", "chromium-browser", "google-chrome")
	address := redisServer(t, false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan result, 1)
	go func() {
		ended <- invokeContext(ctx, map[string]string{"CHANCELA_REDIS_URL": address, "CHANCELA_SIMULATE": "yes", "CHANCELA_HTTP_ADDR": addr, "CHANCELA_ARCHIVE_URL": t.TempDir(),
			"CHANCELA_API_KEYS": "crm:key-of-crm,ops@:key-of-ops:read"}, "up")
	}()
	t.Cleanup(func() {
		stop()
		if r := <-ended; r.status != exitInterrupted && r.status != exitOK {
			t.Errorf("up ended with %d: %.2000s", r.status, r.stderr)
		}
	})
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get("http://" + addr + "/healthz"); err == nil {
			res.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is served")
		}
	}
	db, err := queue.Connect(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	alloc, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	w := &walk{t: t, ctx: tab, url: "http://" + addr, axe: axeCore(t)}
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	return w, ledger.New(db, ledger.NotDurable)
}

func (w *walk) signIn(key string) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, chromedp.SendKeys(chromedp.CSS("#key"), key)); err != nil {
		w.fail("%v", err)
	}
	w.click(is[string](w, `document.querySelector("button.main").innerText`))
}

// upload chooses files and has them checked.
func (w *walk) upload(words string, sheet string, documents ...string) {
	w.t.Helper()
	err := chromedp.Do(w.ctx, chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{sheet}))
	if err == nil && len(documents) > 0 {
		err = chromedp.Do(w.ctx, chromedp.SetUploadFiles(chromedp.CSS("#documents"), documents))
	}
	if err != nil {
		w.fail("%v", err)
	}
	w.click(words)
}

// doubtful puts an envelope into a campaign that may or may not have been sent, and one
// that waits.
func doubtful(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	content := ledger.Content{Envelope: []byte(`{"campaign":"doubtful","id":"0001","provider":"sdoc","subject":"Aditivo","signers":[{"name":"Ana Souza","email":"ana@example.com"}]}`), Simulated: true}
	entry := ledger.Entry{Campaign: "doubtful", ID: "0001", Provider: "sdoc", Digest: "d", State: ledger.Queued, SweepAfter: time.Hour, Content: content}
	other := entry
	other.ID = "0002"
	if _, err := l.Create(t.Context(), []ledger.Entry{entry, other}); err != nil {
		t.Fatal(err)
	}
	claim, hold, _, err := l.Claim(t.Context(), "doubtful/0001", 1, time.Minute, ledger.Preparation{Provider: "sdoc", Simulated: true})
	if err != nil || hold != ledger.Granted {
		t.Fatalf("%v %v", hold, err)
	}
	if _, err := claim.Intend(t.Context()); err != nil {
		t.Fatal(err)
	}
	claim.Record.IntentAt = time.Now()
	if err := claim.Doubt(t.Context(), ledger.Reason{Code: "in_doubt", Message: "sdoc: POST /solicitation: ambiguous: no answer"}); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPeopleWalkThrough goes the way of somebody who opens the pages for the first time, in
// a real browser, on a wide screen in Portuguese, and then on a telephone, dark, in English.
func TestPeopleWalkThrough(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and half a minute")
	}
	t.Parallel()
	w, l := startWalk(t)
	w.looks("pt-BR", "light", 1280)

	// First start, and the sample.
	w.open("/")
	w.sees("Chave de API")
	w.fits()
	w.signIn("key-of-crm")
	w.sees("Envie sua primeira campanha", "Simulado")
	w.fits()
	w.click("Enviar o exemplo")
	w.sees("30 envelopes foram aceitos", "Até onde chegaram")

	// A sheet with mistakes, mended and confirmed.
	dir := t.TempDir()
	lease, err := filepath.Abs(filepath.Join(samples, "documents", "contrato-locacao.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	const head = "id;provider;subject;document;signer1.name;signer1.email;signer1.document\n"
	good := "0001;certyneo;Locação 11;contrato-locacao.pdf;Ana Souza;ana@example.com;529.982.247-25\n"
	bad := write(t, dir, "locacoes.csv", head+good+"0002;certyneo;Locação 12;outro.pdf;Bruno Lima;bruno@;111.111.111-12\n")
	w.open("/send")
	w.upload("Conferir", bad, lease)
	w.sees("3 erros em 1 de 2 linhas. Nada foi enviado.", "bruno@", "não está entre os arquivos enviados")
	w.fits()
	w.upload("Conferir", write(t, dir, "locacoes.csv", head+good+"0002;certyneo;Locação 12;contrato-locacao.pdf;Bruno Lima;bruno@example.com;529.982.247-25\n"))
	w.sees("2 envelopes, sem erro", "2 pessoas, só para treino.")
	w.fits()
	w.click("Enviar 2 envelopes")
	w.sees("2 envelopes foram aceitos.")

	// What nobody but a person can decide; pause and resume.
	doubtful(t, l)
	w.open("/campaigns/doubtful")
	w.sees("1 precisa de alguém", "Decidir, um por um")
	w.fits()
	w.click("Pausar")
	w.sees("Pausar doubtful?")
	w.fits()
	w.click("Pausar")
	w.sees("Pausada. 1 envelope espera.", "O que está parado")
	w.click("Retomar")
	w.click("Retomar")
	w.sees("Retomada.")
	w.open("/campaigns/doubtful/envelopes/0001")
	w.click("Dizer se foi enviado")
	w.sees("O envelope 0001 foi enviado?", "ana@example.com")
	w.fits()
	w.click("Resolver")
	w.sees("Escolha uma das duas respostas.")
	is[bool](w, `document.getElementById("not_sent").click(); document.getElementById("sure").click(); true`)
	w.click("Resolver")
	w.sees("Resolvido.")

	// The sample comes to its end while somebody looks, and a signed document opens.
	w.open("/campaigns/sample")
	w.until("the sample comes to its end", `!/aguardando|ainda não enviado/.test(document.querySelector(".answer").innerText) && document.querySelector(".f-done strong").innerText !== "0"`)
	w.fits()
	w.picture("campaign")
	w.open("/campaigns/sample/envelopes?state=archived&q=" + "cer-")
	w.fits()
	w.open("/campaigns/sample/envelopes/cer-001")
	w.sees("Todos os arquivos estão guardados", "Documento assinado")
	w.fits()
	file := is[string](w, `fetch(document.querySelector(".files a").href).then(async (r) => r.headers.get("Content-Type") + " " + r.headers.get("Content-Disposition").split(";")[0] + " " + (await r.text()).slice(0, 5))`)
	if file != "application/pdf inline %PDF-" {
		t.Errorf("the signed document comes as %q", file)
	}

	// A key that may look, on a telephone, dark, in English.
	w.looks("en", "dark", 390)
	w.open("/")
	w.click("Sign out")
	w.signIn("key-of-ops")
	w.sees("Campaigns", "may look only")
	w.fits()
	for _, path := range []string{"/campaigns/sample", "/campaigns/sample/envelopes", "/campaigns/sample/envelopes/cer-001", "/providers", "/providers/certyneo"} {
		w.open(path)
		w.fits()
	}
	w.open("/campaigns/sample")
	w.open("/send")
	w.sees("You may not do this", "The key ops may look, and change nothing")
	w.fits()
}
