package qisign

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Examine tries the account without reaching anybody.
func Examine(ctx context.Context, s rest.Settings, v rest.Visit) error {
	base, err := Environments.Base(Name, s)
	if err != nil {
		return err
	}
	x, err := rest.NewExaminer(Name, base, s, http.Header{"Authorization": {s.APIKey.Reveal()}}, v)
	if err != nil {
		return err
	}
	d := doctor{x}
	if d.key(ctx) && v.Draft {
		d.draft(ctx)
	}
	d.callback(s)
	return nil
}

type doctor struct{ *rest.Examiner }

// key asks for an envelope that nobody has made: there is no list (reference §A3).
func (d doctor) key(ctx context.Context) bool {
	a := d.Ask(ctx, request(pace.Steer, http.MethodGet, "", uuid.NewString()))
	switch a.Status {
	case http.StatusNotFound:
		d.Fine("key", a, lang.Of("the key is taken: an unknown envelope is not found"))
		return true
	case http.StatusForbidden: // of this endpoint, not of the key (reference §A10)
		d.Wrong("key", a, lang.Plain(d.Words(a)), rest.Reference(lang.Of("404 for an unknown envelope"), "§A10"), lang.Of("the endpoint is not open to this key: ask suporte@qitech.com.br"))
		return false
	}
	if !d.Refused("key", a, lang.Text{}) {
		d.Wrong("key", a, lang.Of("an unknown envelope is answered with HTTP %d", a.Status), rest.Reference("404", "§A10"), rest.Differs)
	}
	return false
}

// draft makes an envelope that is never submitted, each part of it twice, and cancels it.
func (d doctor) draft(ctx context.Context) {
	defer d.Remove(ctx)
	id, document := uuid.NewString(), uuid.NewString()
	envelope := rest.Request{Method: http.MethodPost, Path: "/sign/envelope", Body: rest.JSONBody(envelopeOut{
		ID: id, Subject: "chancela doctor: a draft", ExpirationDate: time.Now().UTC().AddDate(0, 0, 7).Format(time.DateOnly),
		Signers: []signerOut{{ID: "1", Name: "Chancela Doctor", Email: "doctor@example.com", Birthdate: "1980-01-01", DocumentNumber: "529.982.247-25",
			DocumentMethod: providers.ChannelEmail, AuthMethod: providers.ChannelEmail}},
	})}
	file := request(pace.Steer, http.MethodPost, "/document", id, "document")
	file.Body = rest.Base64JSON(documentOut{ID: document, DocumentB64: marker, Name: "chancela-doctor.pdf", DocumentType: "pdf"}, marker, int64(len(rest.Blank)), rest.OpenBlank)

	a := d.Ask(ctx, envelope)
	if d.Refused("draft", a, lang.Of("nothing can be sent")) {
		return
	}
	d.Fine("draft", a, lang.Of("HTTP %d, the envelope takes our id", a.Status))
	d.Later(lang.Of("the envelope"), func(ctx context.Context) rest.Answer {
		r := request(pace.Steer, http.MethodPatch, "", id)
		r.Body = rest.JSONBody(statusBody{"canceled"})
		return d.Ask(ctx, r)
	})
	a = d.Ask(ctx, envelope)
	if a.Status == http.StatusConflict {
		d.Fine("again", a, lang.Of("the same envelope again is refused: HTTP 409"))
	} else {
		d.Wrong("again", a, lang.Of("the same envelope again is answered with HTTP %d", a.Status), rest.Reference("409", "§A10"), lang.Of("an envelope could be made twice after a crash; report this"))
	}
	a = d.Ask(ctx, file)
	if d.Refused("document", a, lang.Of("nothing can be sent")) {
		return
	}
	d.Fine("document", a, lang.Of("HTTP %d", a.Status))
	a = d.Ask(ctx, file)
	if a.Status == http.StatusConflict {
		d.Fine("document again", a, lang.Of("the same document again is refused: HTTP 409"))
	} else {
		d.Note("document again", a, lang.Of("the same document again is answered with HTTP %d", a.Status), lang.Of("409, by our reading of reference §A10"), lang.Of("after a crash an envelope could hold a document twice"))
	}
	d.look(ctx, id, document)
}

func (d doctor) look(ctx context.Context, id, document string) {
	a := d.Ask(ctx, request(pace.Steer, http.MethodGet, "", id))
	var e envelope
	if d.Refused("look", a, lang.Of("nothing can be followed")) || !d.Decode("look", a, &e) {
		return
	}
	there := e.allDocuments()
	switch {
	case e.Status != "created":
		d.Wrong("look", a, lang.Of("the envelope's status is %q", e.Status), rest.Reference("created", "§A5"), lang.Of("report this: whether an envelope was sent is told by its status"))
	case len(there) != 1 || there[0] != document:
		d.Note("look", a, lang.Of("the envelope tells of %d documents", len(there)), rest.Reference(lang.Of("the one that was added"), "§A4"), lang.Of("after a crash documents are sent again"))
	default:
		d.Fine("look", a, lang.Of("the envelope is created, and tells of its document"))
	}
}

func (d doctor) callback(s rest.Settings) {
	if s.WebhookURL == "" || s.WebhookSecret == "" {
		d.Note("callback", rest.Answer{}, lang.Of("callbacks are not set up here, and no call tells whether they are there"), lang.Text{},
			lang.Of("envelopes are looked at from time to time; biometry comes with callbacks only: give QI Sign's support CHANCELA_QISIGN_WEBHOOK_URL, and set it with the signature_key as CHANCELA_QISIGN_WEBHOOK_SECRET"))
		return
	}
	d.Fine("callback", rest.Answer{}, lang.Of("address and signature_key are set; that QI Sign's support has the same cannot be asked"))
}
