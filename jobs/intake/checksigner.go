package intake

import (
	"math"
	"slices"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

const (
	maxName  = 250
	maxRole  = 200
	maxOrder = 1000
	maxPage  = 100_000
	// maxPoints is the longest side of a page by the PDF standard.
	maxPoints = 14_400
)

func (c *checker) person(s *providers.Signer) {
	c.name("name", &s.Name)
	c.contact(s)
	c.identity(s)

	if s.Order < 0 || s.Order > maxOrder {
		c.add("order", "must be a whole number from 1 to %d", maxOrder)
	}
	c.written("role", &s.Role, c.line, maxRole)
	s.Type = word(s.Type)
	c.oneOf("type", s.Type, providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer)
	if s.Stamp != nil {
		c.stamp("stamp", *s.Stamp)
	}
	c.company(s)
	s.Date, s.Text, s.Checkbox = c.places("date", s.Date), c.places("text", s.Text), c.places("checkbox", s.Checkbox)
}

// company checks for whom a person signs.
func (c *checker) company(s *providers.Signer) {
	c.written("company", &s.Company, c.line, maxName)
	s.CompanyDocument = providers.Trim(s.CompanyDocument)
	if s.CompanyDocument != "" {
		c.identifier("company_document", &s.CompanyDocument, parseCNPJ)
	}
	switch {
	case s.Company == "" && s.CompanyDocument != "":
		c.add("company", "is required with company_document: the company's name")
	case s.Company != "" && s.CompanyDocument == "":
		c.add("company_document", "is required with company: its CNPJ")
	}
}

func parseCNPJ(s string) (string, error) {
	id, err := providers.ParseTaxID(s)
	if err != nil {
		return "", lang.Errorf("is not a CNPJ: %w", err)
	}
	if len(id) != 14 {
		return "", lang.Errorf("is not a CNPJ, but a CPF")
	}
	return id, nil
}

// MaxPlaces is the most that one signer fills in of a kind.
const MaxPlaces = 100

const maxLabel = 200

// places checks what a signer fills in.
func (c *checker) places(field string, places []providers.Place) []providers.Place {
	if len(places) > MaxPlaces {
		c.add(field, "at most %d places are taken, here are %d", MaxPlaces, len(places))
		return places
	}
	clean := slices.Clone(places)
	for i := range clean {
		c.stamp(field, clean[i].Stamp)
		c.written(field, &clean[i].Label, c.line, maxLabel)
	}
	return clean
}

// contact checks how a signer is reached.
func (c *checker) contact(s *providers.Signer) {
	s.Email, s.Phone = providers.Trim(s.Email), providers.Trim(s.Phone)
	email, phone := s.Email != "", s.Phone != ""
	if !email && !phone {
		c.add("email", "an e-mail address or a phone is required")
	}
	c.identifier("email", &s.Email, parseEmail)
	c.identifier("phone", &s.Phone, parsePhone)
	s.Channel, s.Auth = word(s.Channel), word(s.Auth)
	c.channel("channel", s.Channel, email, phone)
	c.channel("auth", s.Auth, email, phone)
}

// maxIdentifier is above the longest e-mail address, phone or tax id in any way of writing.
const maxIdentifier = 500

// identifier brings a value that must be right to the letter into its form, or says why
// there is none.
func (c *checker) identifier(field string, value *string, parse func(string) (string, error)) {
	if *value == "" || c.endless(field, *value, maxIdentifier) {
		return
	}
	err := absent(*value)
	if err == nil {
		var clean string
		if clean, err = parse(*value); err == nil {
			*value = clean
			return
		}
	}
	c.add(field, "%v", err)
}

func (c *checker) channel(field, channel string, email, phone bool) {
	switch {
	case !c.oneOf(field, channel, providers.ChannelEmail, providers.ChannelSMS, providers.ChannelWhatsApp):
	case channel == providers.ChannelEmail && !email:
		c.add(field, "email needs the signer's e-mail address")
	case channel != providers.ChannelEmail && !phone:
		c.add(field, "%s needs the signer's phone", channel)
	}
}

// identity checks who a signer is.
func (c *checker) identity(s *providers.Signer) {
	s.Document = providers.Trim(s.Document)
	c.identifier("document", &s.Document, parseTaxID)
	c.birthdate("birthdate", s)
	s.IDType = word(s.IDType)
	c.oneOf("id_type", s.IDType, "cnh", "rg")
	s.IDFront = c.image("id_front", s.IDFront)
	s.IDBack = c.image("id_back", s.IDBack)
	images := s.IDFront != nil || s.IDBack != nil
	if images && s.IDType == "" {
		c.add("id_type", "is required with id_front and id_back: cnh or rg")
	}
	if !images && s.IDType != "" {
		c.add("id_type", "needs the images: id_front, id_back")
	}
}

// parseTaxID begins every refusal with what the column holds.
func parseTaxID(s string) (string, error) {
	id, err := providers.ParseTaxID(s)
	if err != nil {
		return "", lang.Errorf("is not a CPF or CNPJ: %w", err)
	}
	return id, nil
}

func (c *checker) image(field string, d *providers.Document) *providers.Document {
	if d == nil {
		return nil
	}
	clean := *d
	c.document(field, lang.Plain(""), &clean)
	return &clean
}

func (c *checker) stamp(field string, s providers.Stamp) {
	if s.Page < 1 || s.Page > maxPage {
		c.add(field, "the page must be 1 or more")
	}
	for _, points := range []float64{s.X, s.Y, s.Width, s.Height} {
		if math.IsNaN(points) || points < 0 || points > maxPoints {
			c.add(field, "positions and sizes are points from 0 to %d", maxPoints)
			return
		}
	}
	if s.Width == 0 || s.Height == 0 {
		c.add(field, "width and height must be more than 0")
	}
}
