package campaign

// Header is the names of the columns as they stand in the file.
func (r *Reader) Header() []string { return r.names }

// Cell is the place among a row's values that a problem is of; -1 for one of the whole row.
func (r Row) Cell(p Problem) int {
	if p.Name == "" || p.Cell == "" {
		return -1
	}
	for i, c := range r.rec.cells {
		if cellName(c) == p.Cell {
			return i
		}
	}
	return -1
}
