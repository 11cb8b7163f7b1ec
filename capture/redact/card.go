package redact

// Lengths of card numbers: ISO/IEC 7812-1 allows up to 19; no issuer uses fewer
// than 13 today.
const minCard, maxCard = 13, 19

// cardMark begins every card of a pseudonym.
const cardMark = "9999"

// isCard reports whether v is a card number: an issuer's prefix, its length, and
// Luhn's sum (ISO/IEC 7812-1 annex B).
func isCard(v []byte) bool {
	var buf [maxCard]byte
	digits, ok := cardDigits(buf[:0], v)
	return ok && issued(digits) && luhn(digits)
}

func isCardMark(v []byte) bool {
	var buf [maxCard]byte
	digits, ok := cardDigits(buf[:0], v)
	return ok && string(digits[:4]) == cardMark && luhn(digits)
}

// cardDigits appends the digits of v, which may be grouped by single spaces or
// hyphens, to an empty slice.
func cardDigits(digits, v []byte) ([]byte, bool) {
	if len(v) < minCard || len(v) > 2*maxCard {
		return nil, false
	}
	for i, c := range v {
		switch {
		case '0' <= c && c <= '9':
			if len(digits) == maxCard {
				return nil, false
			}
			digits = append(digits, c)
		case c != ' ' && c != '-', i == 0, i == len(v)-1, v[i-1] == c:
			return nil, false
		}
	}
	return digits, len(digits) >= minCard
}

// issued reports whether an issuer of payment cards numbers so. Without it one
// long number in ten, such as a time in milliseconds, would pass for a card.
func issued(d []byte) bool {
	n := len(d)
	p2 := int(d[0]-'0')*10 + int(d[1]-'0')
	p4 := p2*100 + int(d[2]-'0')*10 + int(d[3]-'0')
	switch {
	case d[0] == '4': // Visa
		return n == 13 || n == 16 || n == 19
	case p2 >= 51 && p2 <= 55, p4 >= 2221 && p4 <= 2720: // Mastercard
		return n == 16
	case p2 == 34, p2 == 37: // American Express
		return n == 15
	case p2 == 36, p2 == 38, p2 == 39, p4 >= 3000 && p4 <= 3059: // Diners Club
		return n >= 14
	case p4 >= 3528 && p4 <= 3589: // JCB
		return n >= 16
	case p2 == 50, p2 >= 56 && p2 <= 69, p2 == 81: // Maestro, Discover, UnionPay, RuPay
		return n >= 16
	case p4 >= 2200 && p4 <= 2204: // Mir
		return n >= 16
	}
	return false
}

func luhn(d []byte) bool { return luhnSum(d)%10 == 0 }

func luhnSum(d []byte) int {
	sum := 0
	for i, c := range d {
		n := int(c - '0')
		if (len(d)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum
}

// card returns a number of the same length and groups that no issuer gave out.
func (d *drawer) card(v []byte) []byte {
	d.seed(v)
	var digits []byte
	digits = append(digits, cardMark...)
	old, _ := cardDigits(nil, v)
	for len(digits) < len(old)-1 {
		digits = digit.appendSymbol(digits, d.stream.Uint64())
	}
	digits = append(digits, '0')
	digits[len(digits)-1] = byte('0' + (10-luhnSum(digits)%10)%10)
	out := make([]byte, 0, len(v))
	for _, c := range v {
		if '0' <= c && c <= '9' {
			c, digits = digits[0], digits[1:]
		}
		out = append(out, c)
	}
	return out
}
