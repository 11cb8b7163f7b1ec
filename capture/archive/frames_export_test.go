package archive

import "bytes"

// FrameEnds returns where each frame of a file ends, of skippable ones too.
func FrameEnds(file []byte) ([]int, error) {
	f := frames{in: bytes.NewReader(file), max: 1 << 30}
	var ends []int
	for {
		taken, err := f.next()
		if err != nil {
			return append(ends, len(file)), err
		}
		ends = append(ends, int(taken.offset)+len(taken.data))
	}
}
