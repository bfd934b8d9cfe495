package cloudtrail

// skip passes one value of any type and checks its grammar. It loops instead of
// recursing: the depth of the text costs a byte a level, and no stack.
func (c *cursor) skip() {
	open := c.work.open[:0]
	for c.fault == "" {
		if opened := c.begin(len(open)); opened != 0 {
			open = append(open, opened)
			continue
		}
		if open = c.follow(open); len(open) == 0 {
			break
		}
	}
	c.work.open = open
}

// begin passes a scalar, an empty container or an opening bracket. It returns the
// closing bracket when a value of the container comes next, 0 otherwise.
func (c *cursor) begin(depth int) byte {
	if c.simple() {
		return 0
	}
	b := c.peek()
	if b != '{' && b != '[' {
		c.scalar(b)
		return 0
	}
	closing := b + 2 // as ASCII has it
	c.pos++
	if c.take(closing) {
		return 0
	}
	if c.depth+depth >= c.maxDepth {
		c.fail(ErrTooDeep)
		return 0
	}
	if closing == '}' {
		c.memberName()
	}
	return closing
}

// follow passes what stands after a value up to the next one: closing brackets, and a
// comma, and a name, in an object. It returns what is still open; with nothing open,
// nothing follows.
func (c *cursor) follow(open []byte) []byte {
	for len(open) > 0 {
		closing := open[len(open)-1]
		if c.take(',') {
			if closing == '}' {
				c.memberName()
			}
			return open
		}
		if !c.take(closing) {
			c.fail(ErrNotJSON)
			return open
		}
		open = open[:len(open)-1]
	}
	return open
}

// memberName passes a name that nobody reads, and the colon.
func (c *cursor) memberName() {
	if !c.simple() {
		if c.peek(); !c.atQuote() {
			c.fail(ErrNotJSON)
			return
		}
		c.quotes()
	}
	if !c.take(':') {
		c.fail(ErrNotJSON)
	}
}

// scalar passes the string, number or literal that begins with b.
func (c *cursor) scalar(b byte) {
	switch b {
	case '"', '\\':
		if !c.atQuote() {
			c.fail(ErrNotJSON)
			return
		}
		c.quotes()
	case 't':
		c.literal("true")
	case 'f':
		c.literal("false")
	case 'n':
		c.literal("null")
	default:
		c.number()
	}
}

func (c *cursor) literal(word string) {
	for i := range len(word) {
		if c.pos == len(c.text) || c.text[c.pos] != word[i] {
			c.fail(ErrNotJSON)
			return
		}
		c.pos++
	}
}

// number passes a number (RFC 8259 section 6). Its value is never computed:
// 1e999999 is as good as any.
func (c *cursor) number() {
	c.option("-")
	if !c.option("0") {
		c.digits()
	}
	if c.option(".") {
		c.digits()
	}
	if c.option("eE") {
		c.option("+-")
		c.digits()
	}
}

// option passes one byte of set, if it comes next.
func (c *cursor) option(set string) bool {
	if c.pos == len(c.text) {
		return false
	}
	for i := range len(set) {
		if c.text[c.pos] == set[i] {
			c.pos++
			return true
		}
	}
	return false
}

// digits passes one digit or more.
func (c *cursor) digits() {
	start := c.pos
	for c.pos < len(c.text) && '0' <= c.text[c.pos] && c.text[c.pos] <= '9' {
		c.pos++
	}
	if c.pos == start {
		c.fail(ErrNotJSON)
	}
}
