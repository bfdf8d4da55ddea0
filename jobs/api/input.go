package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// EnvelopeInput is an envelope as a client writes it: the CSV's names, nested.
type EnvelopeInput struct {
	_         struct{}                     `additionalProperties:"false"`
	Campaign  string                       `json:"campaign,omitempty" doc:"May repeat the campaign's name; nothing else."`
	ID        string                       `json:"id" doc:"With the campaign, the idempotency key: 1 to 100 letters, digits, dots, underscores or hyphens."`
	Provider  string                       `json:"provider" doc:"contraktor, certyneo, sdoc, catalisa or qisign."`
	Subject   string                       `json:"subject"`
	Message   string                       `json:"message,omitempty"`
	Expires   string                       `json:"expires,omitempty" doc:"2030-12-31, 31/12/2030, or days such as 30d."`
	Template  string                       `json:"template,omitempty" doc:"The provider's template id, instead of documents."`
	Documents []FileInput                  `json:"documents,omitempty" nullable:"false"`
	Signers   []SignerInput                `json:"signers" nullable:"false" minItems:"1"`
	Fields    map[string]string            `json:"fields,omitempty" doc:"Values for the template's fields, or for those of the documents: a PDF form, or {{name}} in a DOCX."`
	Meta      map[string]string            `json:"meta,omitempty" doc:"The client's own data; comes back in reports, manifest and notifications."`
	Options   map[string]map[string]string `json:"options,omitempty" doc:"Options of one provider: provider, option, value."`
}

// SignerInput is a person who is invited.
type SignerInput struct {
	_         struct{}    `additionalProperties:"false"`
	Name      string      `json:"name"`
	Email     string      `json:"email,omitempty"`
	Phone     string      `json:"phone,omitempty"`
	Document  string      `json:"document,omitempty" doc:"CPF or CNPJ."`
	Birthdate string      `json:"birthdate,omitempty" doc:"YYYY-MM-DD or DD/MM/YYYY."`
	Order     int         `json:"order,omitempty" doc:"From 1."`
	Role      string      `json:"role,omitempty"`
	Channel   string      `json:"channel,omitempty" doc:"email, sms or whatsapp."`
	Auth      string      `json:"auth,omitempty" doc:"email, sms or whatsapp."`
	Type      string      `json:"type,omitempty" doc:"electronic, digital, approver or viewer."`
	Stamp     *StampInput `json:"stamp,omitempty"`
	IDFront   *FileInput  `json:"id_front,omitempty"`
	IDBack    *FileInput  `json:"id_back,omitempty"`
	IDType    string      `json:"id_type,omitempty" doc:"cnh or rg."`

	Company         string       `json:"company,omitempty" doc:"The company that the person signs for."`
	CompanyDocument string       `json:"company_document,omitempty" doc:"Its CNPJ."`
	Date            []PlaceInput `json:"date,omitempty" nullable:"false" doc:"Dates that the signer fills in."`
	Text            []PlaceInput `json:"text,omitempty" nullable:"false" doc:"Texts that the signer fills in."`
	Checkbox        []PlaceInput `json:"checkbox,omitempty" nullable:"false" doc:"Boxes that the signer ticks."`
}

// StampInput places a visible signature: points from the page's lower left corner.
type StampInput struct {
	_      struct{} `additionalProperties:"false"`
	Page   int      `json:"page" doc:"From 1."`
	X      float64  `json:"x"`
	Y      float64  `json:"y"`
	Width  float64  `json:"width"`
	Height float64  `json:"height"`
}

// PlaceInput places what a signer fills in, as [StampInput] does.
type PlaceInput struct {
	_        struct{} `additionalProperties:"false"`
	Page     int      `json:"page" doc:"From 1."`
	X        float64  `json:"x"`
	Y        float64  `json:"y"`
	Width    float64  `json:"width"`
	Height   float64  `json:"height"`
	Required bool     `json:"required,omitempty"`
	Label    string   `json:"label,omitempty"`
}

func places(in []PlaceInput) []providers.Place {
	var all []providers.Place
	for _, x := range in {
		all = append(all, providers.Place{Stamp: jobs.Stamp{Page: x.Page, X: x.X, Y: x.Y, Width: x.Width, Height: x.Height}, Required: x.Required, Label: x.Label})
	}
	return all
}

// FileInput is a document or an identity image: its content, or where it is found.
type FileInput struct {
	Name    string `json:"name"`
	Content string `json:"content"` // after the extractor: the file in the uploadDir
	Source  string `json:"source"`
}

// Schema implements huma.SchemaProvider.
func (FileInput) Schema(huma.Registry) *huma.Schema {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	content := text("The file, in base64 of either alphabet, with padding or without; data:TYPE;base64, may stand in front.")
	content.ContentEncoding = "base64"
	object := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{
		"name":    text("The file's name, with its ending."),
		"content": content,
		"source":  text("s3://bucket/key, or the file name of another part of the request."),
	}}
	return &huma.Schema{OneOf: []*huma.Schema{object, text("As source.")}}
}

// UnmarshalJSONFrom takes a plain string for the source.
func (f *FileInput) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		return json.UnmarshalDecode(d, &f.Source)
	}
	type plain FileInput
	return json.UnmarshalDecode(d, (*plain)(f))
}

// envelope turns the input into an envelope and tells all that is wrong with it, by the
// rules that the CSV's rows obey too.
func (s *Server) envelope(ctx context.Context, name string, in EnvelopeInput, files *uploadDir, patterns campaign.Patterns) (jobs.Envelope, intake.Checked, providers.Problems, error) {
	var problems providers.Problems
	e := jobs.Envelope{Campaign: name, ID: in.ID, Provider: in.Provider, Subject: in.Subject, Message: in.Message,
		Template: in.Template, Fields: in.Fields, Meta: in.Meta, Options: in.Options}
	if c := norm.NFC.String(strings.TrimSpace(in.Campaign)); c != "" && c != name {
		problems.Add("campaign", "must be left out, or be the campaign that the request is for")
	}
	if err := e.Expires.UnmarshalText([]byte(in.Expires)); err != nil {
		problems.Add("expires", "%v", intake.NoExpiry(in.Expires))
	}
	file := func(field string, f FileInput) jobs.Document {
		if ctx.Err() != nil {
			return intake.Unusable
		}
		d, err := f.document(ctx, files)
		if err != nil {
			problems.Add(field, "%v", err)
			return intake.Unusable
		}
		return d
	}
	for i, f := range in.Documents {
		known := len(problems)
		e.Documents = append(e.Documents, file("document", f))
		if len(problems) > known {
			problems[known].Message = lang.Of("document %d: %v", i+1, problems[known].Message)
		}
	}
	for i, x := range in.Signers {
		signer := jobs.Signer{Name: x.Name, Email: x.Email, Phone: x.Phone, Document: x.Document, Birthdate: x.Birthdate, Order: x.Order,
			Role: x.Role, Channel: x.Channel, Auth: x.Auth, Type: x.Type, IDType: x.IDType, Stamp: x.stamp(),
			Company: x.Company, CompanyDocument: x.CompanyDocument, Date: places(x.Date), Text: places(x.Text), Checkbox: places(x.Checkbox)}
		if x.IDFront != nil {
			d := file(fmt.Sprintf("signer%d.id_front", i+1), *x.IDFront)
			signer.IDFront = &d
		}
		if x.IDBack != nil {
			d := file(fmt.Sprintf("signer%d.id_back", i+1), *x.IDBack)
			signer.IDBack = &d
		}
		e.Signers = append(e.Signers, signer)
	}
	if err := ctx.Err(); err != nil {
		return e, intake.Checked{}, nil, err
	}
	patterns.Fill(&e, func(column string, message lang.Text) { problems.Add(column, "%v", message) })
	checked, more, err := s.client.Judge().Checked(ctx, &e, func(column string) bool {
		return slices.ContainsFunc(problems, func(p providers.Problem) bool { return p.Field == column })
	})
	return e, checked, append(problems, more...), err
}

func (x SignerInput) stamp() *jobs.Stamp {
	if x.Stamp == nil {
		return nil
	}
	return &jobs.Stamp{Page: x.Stamp.Page, X: x.Stamp.X, Y: x.Stamp.Y, Width: x.Stamp.Width, Height: x.Stamp.Height}
}

// document finds the file. An error never repeats what was given.
func (f FileInput) document(ctx context.Context, files *uploadDir) (jobs.Document, error) {
	var d jobs.Document
	var err error
	switch {
	case f.Content != "" && f.Source != "":
		return d, errors.New("has both content and source: leave one of them out")
	case f.Content != "" && strings.TrimSpace(f.Name) == "":
		return d, errors.New("needs a name, with its ending, beside its content")
	case f.Content != "":
		d, err = files.content(ctx, f.Content, f.Name)
	case f.Source != "":
		d, err = files.document(ctx, f.Source)
	case f.Name != "":
		d, err = files.document(ctx, f.Name)
	default:
		return d, errors.New("needs a content, or a source")
	}
	if f.Name != "" {
		d.Name = f.Name
	}
	return d, err
}

// limited ends what is too long with an answer.
type limited struct {
	in   io.Reader
	left int64
	too  *Problem
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		if n, err := l.in.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, l.too
	}
	n, err := l.in.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// maxItem bounds an envelope's JSON without its documents, in bytes: a decoder holds it
// in memory.
const maxItem = 4 << 20

// boundedItem bounds every envelope of a stream by itself.
func boundedItem(in io.Reader) *limited {
	return &limited{in: in, left: maxItem, too: tooMuchOf("an envelope, besides its documents,", maxItem)}
}
