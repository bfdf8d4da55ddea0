package jobs

import (
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/source"
)

// The words of an envelope, for those who import this package.
type (
	Envelope = providers.Envelope
	Document = providers.Document
	Signer   = providers.Signer
	Stamp    = providers.Stamp
	Place    = providers.Place
	Expiry   = providers.Expiry
	Key      = providers.Key
)

// Report is what a person is told about an envelope.
type Report = report.Report

// OpenSource opens a document that is named s3://bucket/key.
type OpenSource = source.Open
