package pages

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/storage/ledger"
)

// looksDir is where pictures of the pages with long values are written, to be looked at.
var looksDir = flag.String("looks", "", "write a picture of each page with long values into this folder")

// browserOf opens a browser; a test is skipped without one, unless CHANCELA_TEST_REQUIRE names it.
func browserOf(t *testing.T) context.Context {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		alloc, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))...)
		t.Cleanup(cancel)
		tab, cancel := chromedp.NewContext(alloc)
		t.Cleanup(cancel)
		if err := chromedp.Do(tab); err != nil {
			t.Fatal(err)
		}
		return tab
	}
	if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "browser") {
		t.Fatal("a browser is required and not installed")
	}
	t.Skip("no browser is installed")
	return nil
}

// overflow names what is wider than the screen, is cut off, or runs out of its cell. A table may
// scroll in a box of its own.
const overflow = `(() => {
  const bad = [], name = (e) => e.tagName.toLowerCase() + (e.className.baseVal ?? e.className ? "." + (e.className.baseVal ?? e.className) : "") + " " + e.textContent.trim().slice(0, 40);
  for (const d of document.querySelectorAll("details")) d.open = true;
  if (document.scrollingElement.scrollWidth > innerWidth) bad.push("the page scrolls sideways: " + document.scrollingElement.scrollWidth);
  for (const e of document.querySelectorAll("body *")) {
    const s = getComputedStyle(e);
    if (s.clipPath !== "none" || e.closest(".hidden, thead") && getComputedStyle(e.closest(".hidden, thead")).clipPath !== "none" || e.closest("svg, .skip, option") || s.display === "inline" || !e.clientWidth) continue;
    const box = e.matches(".scroll") || e.matches("input, select");
    if (e.scrollWidth > e.clientWidth + 1 && !box) bad.push((s.overflowX === "visible" ? "runs over: " : "is cut off: ") + name(e));
    if (!e.closest(".scroll") && e.getBoundingClientRect().right > innerWidth + 1) bad.push("is beyond the edge: " + name(e));
  }
  return bad.slice(0, 6).join("\n");
})()`

// long values, as hostile as a sheet and a provider may be.
var (
	longWord    = strings.Repeat("Anticonstitucionalissimamente", 12)[:300]
	longText    = strings.Repeat("Locação residencial com garantia e vistoria ", 8)[:300]
	longID      = strings.Repeat("x1-", 33) + "x"
	longSaid    = strings.Repeat("InvalidParameterValueOfTheSignerInTheEnvelope ", 20) + strings.Repeat("unbroken", 140)
	longName    = strings.Repeat("MariaDaConceição", 6)
	longAddress = strings.Repeat("a", 60) + "@" + strings.Repeat("muito-longo.", 14) + "example.com"
)

// longSite is a site where everything is long.
func longSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, api.Key{Name: strings.Repeat("departamento", 5), Secret: "key"})
	s.says = longSaid
	name := "c" + strings.Repeat("ampanha", 14)
	for i, state := range []ledger.State{ledger.Queued, ledger.Failed, ledger.InDoubt} {
		e := jobs.Envelope{ID: longID[:len(longID)-1] + strconv.Itoa(i), Subject: longWord, Message: longText + longWord, Meta: map[string]string{longID[:60]: longWord}, Documents: []jobs.Document{{Name: longWord + ".pdf"}}}
		if i == 0 {
			e.Subject = longText
		}
		for range 5 {
			e.Signers = append(e.Signers, jobs.Signer{Name: longName, Email: longAddress, Phone: "+5511987654321", Role: longID, Order: 12})
		}
		s.enqueue(name, e, state)
	}
	l := s.client.Ledger()
	err := l.SetTrouble(t.Context(), "certyneo", ledger.Trouble{State: ledger.Failing, Kind: "temporary", Code: longID, Op: "POST /documents/" + longID + "/send", Status: 503}, time.Minute)
	if _, err2 := l.Deny(t.Context(), "certyneo", ledger.KeyRefused, longSaid, time.Hour); errors.Join(err, err2) != nil {
		t.Fatal(err, err2)
	}
	return s
}

// wideSheet has many columns and many kinds of mistakes.
func wideSheet() string {
	head := []string{"id", "provider", "subject", "document", "signer1.name", "signer1.email", "signer1.document", "signer1.phone", "expires"}
	row := []string{"0001", "certyneo", longText, longWord + ".pdf", longName, longWord, "111.111.111-12", "123", "31/02/2027"}
	for i := range 30 {
		head = append(head, fmt.Sprintf("meta.%s%d", strings.Repeat("dadodoimovel", 3), i))
		row = append(row, longWord[:90])
	}
	out := []string{strings.Join(head, ";"), strings.Join(row, ";")}
	row[0], row[5] = longID+"ção "+longWord, "ana@example.com"
	out = append(out, strings.Join(row, ";"))
	row[0], row[1] = "", "certyneoooo"+longWord
	return strings.Join(append(out, strings.Join(row, ";"), strings.Join(row[:9], ";")), "\n") + "\n"
}

// uploads are drafts to look at: mistakes, headings that nobody knows, and one to confirm.
func uploads(v *visitor) (paths []string) {
	v.t.Helper()
	const pdf = "%PDF-1.4\n1 0 obj<</Type/Page>>endobj\ntrailer<<>>\n%%EOF"
	unknown := "Contrato nº;" + longText + ";Nome do locador;E-mail do locador;Nome do locatário;E-mail do locatário;Arquivo\n2026-1;x;Ana;ana@example.com;Rui;rui@example.com;a.pdf\n"
	good := "id;subject;document;signer1.name;signer1.email;meta." + longID[:40] + "\n" + longID + ";" + longText + ";" + strings.Repeat("contrato", 12) + ".pdf;" + longName + ";ana@example.com;" + longWord + "\n"
	for _, parts := range [][][2]string{
		{{"file:" + strings.Repeat("planilha", 12) + ".csv", wideSheet()}},
		{{"file:junho.csv", unknown}, {"documents:a.pdf", pdf}, {"provider", "certyneo"}},
		{{"file:junho.csv", good}, {"documents:" + strings.Repeat("contrato", 12) + ".pdf", pdf}, {"provider", "certyneo"}, {"campaign", "c" + strings.Repeat("onfirmar", 12)}, {"window", "Mon-Fri 09:00-18:00"}, {"first", "1"}, {"subject", "Lease of {signer1.name} " + longWord[:60]}},
	} {
		paths = append(paths, v.sendForm("/send", parts...).Request.URL.Path)
	}
	return paths
}

// medium is what a page is shown on.
type medium struct {
	width int64
	media string // screen or print
	theme string // light or dark
}

func (m medium) String() string { return fmt.Sprintf("%d-%s-%s", m.width, m.media, m.theme) }

// mediums are a telephone, a tablet, a wide screen and a sheet of paper between its margins.
var mediums = []medium{{360, "screen", "light"}, {360, "screen", "dark"}, {768, "screen", "light"}, {1280, "screen", "light"}, {1280, "screen", "dark"}, {680, "print", "light"}}

// show has the browser show its page on the medium.
func (m medium) show(t *testing.T, tab context.Context) {
	t.Helper()
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: m.width, Height: 900, DeviceScaleFactor: 1, Mobile: m.width < 500})
		_, err2 := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: m.media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: m.theme}}})
		return errors.Join(err, err2)
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// Nothing is cut off, and no page scrolls sideways, however long values are: on a telephone, a
// tablet, a wide screen and paper, in both languages.
func TestEveryPageFits(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	tab := browserOf(t)
	s := longSite(t)
	name := "c" + strings.Repeat("ampanha", 14)
	v := s.visitor()
	v.signIn("key")
	address, err := url.Parse(v.url)
	if err != nil {
		t.Fatal(err)
	}
	session := ""
	for _, c := range v.http.Jar.Cookies(address) {
		session += "; " + c.Name + "=" + c.Value
	}
	one := "/campaigns/" + name + "/envelopes/" + longID[:len(longID)-1]
	paths := []string{"/", "/send", "/providers", "/providers/certyneo", "/campaigns/" + name, "/campaigns/" + name + "/envelopes", "/campaigns/" + name + "/envelopes?state=stuck&q=" + longWord[:80], "/campaigns/" + name + "/envelopes?state=stuck",
		one + "0", one + "1", one + "2", one + "2/resolve", one + "1/retry", "/campaigns/" + name + "/cancel", "/campaigns/nobody", "/campaigns/" + name + "?done=cancel&n=1&refused=1"}
	paths = append(paths, uploads(v)...)
	for _, lang := range []string{"en", "pt-BR"} {
		err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
			_, err2 := cdp.Call(ctx, tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang, "Cookie": strings.TrimPrefix(session, "; ")}})
			return errors.Join(err, err2)
		}))
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range paths {
			if err := chromedp.Do(tab, chromedp.Navigate(v.url+path)); err != nil {
				t.Fatal(err)
			}
			for _, m := range mediums {
				m.show(t, tab)
				bad, err := chromedp.Run(tab, chromedp.Evaluate[string](overflow))
				if err != nil {
					t.Fatal(err)
				}
				if bad != "" {
					t.Errorf("%.60s in %s on %v:\n%s", path, lang, m, bad)
				}
				picture(t, tab, fmt.Sprintf("%02d-%s-%v", i, lang, m))
			}
		}
	}
}

// What has happened to an envelope stays within its box, whoever has signed it.
func TestTimelineFits(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	tab := browserOf(t)
	s := newSite(t)
	s.enqueue("june", jobs.Envelope{ID: "1", Subject: "Lease", Signers: person1("Ana", "ana@example.com")}, ledger.Queued)
	if err := chromedp.Do(tab, chromedp.Navigate(s.url+"/campaigns/june/envelopes/1")); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	x := envelopeView{Report: jobs.Report{ID: "1", State: string(ledger.Archived)}, Events: []event{{Text: "event.signed", Who: longName, At: &at, Kind: "good"}, {Text: "event.signed", Who: longText[:90], At: &at, Kind: "good"}, {Text: "event.archived", At: &at, Kind: "good"}}}
	part, err := s.pages.choose("pt-BR").render("envelope", "live", x)
	html, err2 := json.Marshal(string(part))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for _, m := range mediums {
		m.show(t, tab)
		bad, err := chromedp.Run(tab, chromedp.Evaluate[string]("document.getElementById('live').innerHTML = "+string(html)+";"+overflow))
		if err != nil {
			t.Fatal(err)
		}
		if bad != "" {
			t.Errorf("on %v:\n%s", m, bad)
		}
		picture(t, tab, fmt.Sprintf("timeline-%v", m))
	}
}

// outOfView names cells with a mistake, and reasons, that are not wholly between the screen's edges,
// or stand in a box that scrolls sideways. It says so, too, where there is none.
const outOfView = `(() => {
  const bad = [], all = [...document.querySelectorAll(".faulty .wrong, .faulty .wrong *")];
  if (!all.length) bad.push("no cell is marked");
  for (const e of all) {
    const box = e.getBoundingClientRect();
    if (!box.width || box.left < 0 || box.right > innerWidth) bad.push(Math.round(box.left) + " to " + Math.round(box.right) + ": " + e.textContent.slice(0, 60));
    for (let up = e; up; up = up.parentElement) if (up.scrollWidth > up.clientWidth + 1 && getComputedStyle(up).display !== "inline") { bad.push(up.tagName + " scrolls sideways"); break; }
  }
  return [...new Set(bad)].slice(0, 6).join("\n");
})()`

// sheetOf is a sheet of so many columns with a mistake in the last one, and with values in all.
func sheetOf(columns int) string {
	head := []string{"id", "document", "signer1.email"}
	row := []string{"2026-0001", "contrato.pdf", "bruno.lima@"}
	for i := 3; i < columns; i++ {
		head = slices.Insert(head, 2, []string{"provider", "subject", "signer1.name", "signer1.document", "signer1.phone"}[min(i-3, 4)])
		row = slices.Insert(row, 2, []string{"certyneo", "Contrato de locação residencial", "Bruno Lima", "529.982.247-25", "+5511987654321"}[min(i-3, 4)])
		if i > 7 {
			head[2], row[2] = fmt.Sprintf("meta.campo%d", i), "valor do imóvel"
		}
	}
	return strings.Join(head, ";") + "\n" + strings.Join(row, ";") + "\n"
}

// A wrong cell and what is wrong with it are in view without scrolling sideways, however many
// columns the sheet has.
func TestMistakesAreInView(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	tab := browserOf(t)
	v := newSite(t).visitor()
	for _, columns := range []int{3, 8, 30} {
		page := v.sendForm("/send", [2]string{"file:june.csv", sheetOf(columns)}, [2]string{"provider", "certyneo"})
		if !strings.Contains(page.text, "bruno.lima@") {
			t.Fatalf("%d columns: %.2000s", columns, page.text)
		}
		if err := chromedp.Do(tab, chromedp.Navigate(v.url+page.Request.URL.Path)); err != nil {
			t.Fatal(err)
		}
		for _, m := range mediums {
			m.show(t, tab)
			bad, err := chromedp.Run(tab, chromedp.Evaluate[string](outOfView))
			if err != nil {
				t.Fatal(err)
			}
			if bad != "" {
				t.Errorf("%d columns on %v:\n%s", columns, m, bad)
			}
			picture(t, tab, fmt.Sprintf("mistakes-%d-%v", columns, m))
		}
	}
}

// picture writes what the browser shows, where somebody has asked for it.
func picture(t *testing.T, tab context.Context, name string) {
	t.Helper()
	if *looksDir == "" {
		return
	}
	b, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err := errors.Join(err, os.WriteFile(filepath.Join(*looksDir, name+".png"), b, 0o644)); err != nil {
		t.Fatal(err)
	}
}
