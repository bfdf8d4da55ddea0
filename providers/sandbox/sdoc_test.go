package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

func sdocCaller(t *testing.T, s *Sandbox) *caller {
	env := s.Env()
	return newCaller(t, env["CHANCELA_SDOC_BASE_URL"], env["CHANCELA_SDOC_API_KEY"])
}

func sdocBody(c *caller, callback string, types map[string]int) map[string]any {
	c.t.Helper()
	up := c.call("POST", "/file", map[string]string{"base64": sampleB64}, 200)
	participants := []any{}
	for _, email := range slices.Sorted(maps.Keys(types)) {
		participants = append(participants, map[string]any{"name": "Helena Prado Nunes", "email": email, "cpf": "39053344705", "signatureType": types[email]})
	}
	body := map[string]any{
		"title": "Supply agreement 118", "description": "Renewal for 2025",
		"files":        []any{map[string]any{"name": "agreement.pdf", "type": "application/pdf", "tempIdentifier": up.text("result.tempIdentifier")}},
		"participants": participants, "Settings": map[string]any{"SendEmail": true},
	}
	if callback != "" {
		body["callback"] = callback
	}
	return body
}

// Upload, create, stamp, callback, status, file (§7).
func TestSDocFlow(t *testing.T) {
	r := newReceiver(t)
	s := start(t, Options{})
	c := sdocCaller(t, s)
	body := sdocBody(c, r.URL+"/sdoc?envelope=june%2F0001", map[string]int{"a.digital@example.test": 1, "b.electronic@example.test": 2, "c.approver@example.test": 3, "d.viewer@example.test": 4})
	made := c.call("POST", "/solicitation", body, 200)
	id := made.text("result.identifier")
	if made.at("error") != false || len(id) != 30 || len(made.text("result.files.0.identifier")) != 15 || len(made.text("result.participants.1.identifier")) != 8 ||
		made.at("result.participants.1.status") != 1.0 || made.at("result.participants.1.signatureType") != 2.0 {
		t.Errorf("solicitation: %s", made.body)
	}
	get := func() answer { return c.call("GET", "/solicitation?identifier="+id, nil, 200) }
	eventually(t, "all but the electronic signer", func() bool {
		a := get()
		return a.at("result.participants.0.status") == 2.0 && a.at("result.participants.2.status") == 4.0
	})
	if got := get().at("result.participants.1.status"); got != 1.0 {
		t.Errorf("signed without a stamp: %v", got)
	}
	electronic := made.text("result.participants.1.identifier")
	c.call("POST", "/participant/"+electronic+"/stamp", `{"page": 2, "size": {"width": 160.0, "height": 54.0}, "position": {"llx": 72.0, "lly": 90.0, "urx": 232.0, "ury": 144.0}}`, 200)
	if p := c.call("GET", "/participant?identifier="+electronic, nil, 200); p.at("result.stamp.page") != 2.0 || p.at("result.stamp.position.urx") != 232.0 {
		t.Errorf("participant: %s", p.body)
	}
	eventually(t, "completed", func() bool { return entry(t, s, SDoc).State == "signed" })
	eventually(t, "two callbacks", func() bool { return len(r.with(id)) == 2 })
	var hook struct {
		Identifier string
		Type       int
		SecretKey  string
	}
	if err := json.Unmarshal(r.with(id)[0].body, &hook); err != nil || hook.Type != 1 || hook.SecretKey != s.Env()["CHANCELA_SDOC_WEBHOOK_SECRET"] || len(hook.SecretKey) != 130 {
		t.Errorf("callback: %+v %v", hook, err)
	}
	if a := get(); a.at("result.participants.3.status") != 1.0 {
		t.Errorf("viewer: %s", a.body)
	}
	e := entry(t, s, SDoc)
	f := c.call("GET", "/file?identifier="+made.text("result.files.0.identifier"), nil, 200)
	content, err := base64.StdEncoding.DecodeString(f.text("result.base64"))
	if err != nil {
		t.Fatal(err)
	}
	served(t, e, providers.SignedDocument, f.text("result.identifier"), answer{body: content})
	if e.Key != "june/0001" || e.Invitations != 1 {
		t.Errorf("entry: %+v", e)
	}
	clean(t, s)

	again := c.call("POST", "/solicitation", body, 200) // the temporary identifier is gone
	if again.text("code") != "INTEGRATION_FILE_A2FC" {
		t.Errorf("used twice: %s", again.body)
	}
}

func TestSDocCodes(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour, Choices: Choices{SDocCodeField: "errorCode", SDocUnregistered: true}})
	c := sdocCaller(t, s)
	code := func(method, path string, body any, want string) {
		t.Helper()
		a := c.call(method, path, body, 200)
		if a.at("error") != true || a.at("errorCode") != any(want) {
			t.Errorf("%s %s: %s, want %s", method, path, a.body, want)
		}
	}
	code("POST", "/solicitation", sdocBody(c, "", map[string]int{"a@example.test": 1}), "INTEGRATION_SOLICITATION_41A7")
	in := func(change func(map[string]any)) map[string]any {
		b := sdocBody(c, "http://127.0.0.1:1/x", map[string]int{"a@example.test": 2})
		change(b)
		return b
	}
	org := func(id, folder string) func(map[string]any) {
		return func(b map[string]any) { b["organization"] = map[string]string{"identifier": id, "folder": folder} }
	}
	code("POST", "/solicitation", in(org("ORG00000000000000009", "FLD0000001")), "INTEGRATION_ORGANIZATION_BB8C")
	code("POST", "/solicitation", in(org(sdocOrganization, "FLD0000009")), "INTEGRATION_ORGANIZATION_49D0")
	code("GET", "/organization/x/folders", nil, "INTEGRATION_ORGANIZATION_BB8C")
	code("GET", "/solicitation?identifier=x", nil, "INTEGRATION_SOLICITATION_8D12")
	code("GET", "/participant?identifier=x", nil, "INTEGRATION_PARTICIPANT_23AA")
	code("GET", "/file?identifier=x", nil, "INTEGRATION_FILE_A2FC")

	made := c.call("POST", "/solicitation", in(org(sdocOrganization, sdocSubFolder)), 200)
	id, file, p := made.text("result.identifier"), made.text("result.files.0.identifier"), made.text("result.participants.0.identifier")
	code("DELETE", "/participant/"+p+"/stamp", nil, "INTEGRATION_PARTICIPANT_B12A")
	c.call("POST", "/participant/"+p+"/stamp", map[string]any{"page": 1}, 200)
	c.call("DELETE", "/participant/"+p+"/stamp", nil, 200)
	if err := s.Act(SDoc, id, "sign", ""); err == nil {
		t.Error("signed without a stamp")
	}
	c.call("POST", "/participant/"+p+"/stamp", map[string]any{"page": "1"}, 200)
	if err := s.Act(SDoc, id, "sign", ""); err != nil {
		t.Error(err)
	}
	code("POST", "/participant/"+p+"/stamp", map[string]any{"page": 1}, "INTEGRATION_PARTICIPANT_AEC3")

	c.call("PUT", "/solicitation?identifier="+id, map[string]any{"title": "Another  title"}, 200)
	if a := c.call("GET", "/solicitation?identifier="+id, nil, 200); a.text("result.title") != "Another title" || a.at("result.description") != nil || a.text("result.callback") != "http://127.0.0.1:1/x" || a.text("result.organization.folder") != sdocSubFolder {
		t.Errorf("edited: %s", a.body)
	}
	c.call("DELETE", "/solicitation?identifier="+id, nil, 200)
	code("GET", "/solicitation?identifier="+id, nil, "INTEGRATION_SOLICITATION_B425")
	code("GET", "/file?identifier="+file, nil, "INTEGRATION_FILE_B425")

	s.Once(SDoc, "GET /organizations", TooMany)
	code("GET", "/organizations", nil, "INTEGRATION_API_OFF")
	s.Once(SDoc, "GET /organizations", ErrorBefore)
	c.call("GET", "/organizations", nil, 500)
	c.header.Set("Authorization", "wrong")
	code("GET", "/organizations", nil, "INTEGRATION_PLATFORM_W1SY")
	c.header.Del("Authorization")
	code("GET", "/organizations", nil, "INTEGRATION_PLATFORM_F52Q")
	c.call("GET", "/solicitations", nil, 200) // authentication comes first
}

func TestSDocOutcomes(t *testing.T) {
	s := start(t, Options{})
	c := sdocCaller(t, s)
	declined := c.call("POST", "/solicitation", sdocBody(c, "", map[string]int{"recusa@example.test": 1, "viewer@example.test": 4}), 200).text("result.identifier")
	stalled := c.call("POST", "/solicitation", sdocBody(c, "", map[string]int{"expira@example.test": 1}), 200).text("result.identifier")
	eventually(t, "rejected", func() bool {
		return c.call("GET", "/solicitation?identifier="+declined, nil, 200).at("result.participants.0.status") == 3.0
	})
	eventually(t, "deleted", func() bool { return c.call("GET", "/solicitation?identifier="+stalled, nil, 200).at("error") == true })
	clean(t, s)
}

func TestSDocSeveralFiles(t *testing.T) {
	for _, one := range []bool{false, true} {
		s := start(t, Options{SignAfter: time.Hour, Choices: Choices{SDocOneFile: one}})
		c := sdocCaller(t, s)
		body := sdocBody(c, "", map[string]int{"a@example.test": 1, "b@example.test": 2})
		body["files"] = append(body["files"].([]any), sdocBody(c, "", nil)["files"].([]any)...)
		made := c.call("POST", "/solicitation", body, 200)
		files := make(map[any]int)
		for i := range made.at("result.participants").([]any) {
			files[made.at(fmt.Sprintf("result.participants.%d.fileIdentifier", i))]++
		}
		if want := map[bool]int{false: 2, true: 1}[one]; len(files) != want {
			t.Errorf("participants on %d files, want %d", len(files), want)
		}
	}
}

func TestSDocRules(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := sdocCaller(t, s)
	person := func(name string, value any) map[string]any {
		b := sdocBody(c, "", map[string]int{"a@example.test": 1})
		b["participants"].([]any)[0].(map[string]any)[name] = value
		return b
	}
	top := func(name string, value any) map[string]any {
		b := sdocBody(c, "", map[string]int{"a@example.test": 1})
		b[name] = value
		return b
	}
	var crowd, files []any
	for range 51 {
		crowd = append(crowd, map[string]any{"name": "Helena Prado Nunes", "email": "a@example.test", "cpf": "39053344705", "signatureType": 1})
	}
	for range 11 {
		files = append(files, map[string]any{"name": "agreement.pdf", "type": "application/pdf", "tempIdentifier": strings.Repeat("A", 20)})
	}
	for _, x := range []struct {
		body map[string]any
		rule string
	}{
		{top("title", "abcd"), "title has 5 to 200"}, {top("description", "abc"), "description has 5 to 400"}, {top("callback", "http://x.test/"+strings.Repeat("a", 200)), "callback has 5 to 200"},
		{top("files", files), "files has 1 to 10"}, {top("participants", crowd), "participants has 1 to 50"}, {person("name", "Ana Silva"), "name has 10 to 250"},
		{person("cpf", "390.533.447-05"), "without punctuation"}, {person("signatureType", 5), "signatureType is 1 to 4"}, {person("email", ""), "email has 1 to 150"},
	} {
		if a := c.call("POST", "/solicitation", x.body, 200); a.at("error") != true {
			t.Errorf("%s: accepted", x.rule)
		}
		broken(t, s, x.rule)
	}
	c.call("POST", "/solicitation", top("settings", map[string]any{"SendEmail": true}), 200)
	broken(t, s, "unknown field settings")
	c.call("POST", "/file", map[string]any{"base64": base64.StdEncoding.EncodeToString(append(bytes.Clone(samplePDF), make([]byte, 10<<20)...))}, 200)
	broken(t, s, "10 MB")
	c.call("POST", "/file", map[string]any{"base64": "%"}, 200)
	broken(t, s, "not base64")
	c.call("POST", "/file", map[string]any{"content": sampleB64}, 200)
	broken(t, s, "base64 is required")
	if a := c.call("GET", "/organization/"+sdocOrganization+"/folders", nil, 200); a.text("result.0.subFolders.0.identifier") != sdocSubFolder {
		t.Errorf("folders: %s", a.body)
	}
	c.call("GET", "/solicitations", nil, 404)
}
