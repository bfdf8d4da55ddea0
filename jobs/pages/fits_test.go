package pages

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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

// Nothing is cut off, and no page scrolls sideways, however long values are: on a telephone, a
// tablet and a wide screen, in both languages.
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
			for _, width := range []int64{360, 768, 1280} {
				resize := chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
					_, err := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500})
					return err
				})
				if err := chromedp.Do(tab, resize); err != nil {
					t.Fatal(err)
				}
				bad, err := chromedp.Run(tab, chromedp.Evaluate[string](overflow))
				if err != nil {
					t.Fatal(err)
				}
				if bad != "" {
					t.Errorf("%.60s in %s at %d px:\n%s", path, lang, width, bad)
				}
				picture(t, tab, fmt.Sprintf("%02d-%s-%d", i, lang, width))
			}
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
