package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// The picture's measures, in pixels.
const (
	pictureWidth = 880
	margin       = 28
	barsLeft     = 400
	barsWidth    = 380
	rowHeight    = 40
	barHeight    = 16
	// shareScale is how far a share of 1 reaches, limitScale where a limit is marked: beyond it there is
	// room for what exceeds it.
	shareScale = 1.0
	limitScale = 0.75
)

// pictureStyle has the colours, which follow the reader's choice of light or dark.
const pictureStyle = `
svg { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.card { fill: #ffffff; stroke: #d1d9e0; } .text { fill: #1f2328; } .quiet { fill: #59636e; }
.track { fill: #eef1f4; } .bar { fill: #2f74c0; } .missed { fill: #c2601a; } .target { stroke: #1f2328; }
@media (prefers-color-scheme: dark) {
.card { fill: #0d1117; stroke: #3d444d; } .text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
.track { fill: #1d232b; } .bar { fill: #4a90e2; } .missed { fill: #e08a3c; } .target { stroke: #f0f6fc; }
}
`

// picture is an SVG in the making.
type picture struct {
	text bytes.Buffer
	// y is where the next line goes.
	y int
}

// drawing returns an SVG with a bar for each figure that has a name there. Shares, which should be
// large, come first; what should stay below a limit comes second.
func drawing(where string, results []result) []byte {
	shares, limits := charted(results)
	p := &picture{y: margin + 18}
	p.write(margin, "text", 20, `font-weight="600"`, "ordergraph under load")
	machine, measured, _ := strings.Cut(where, "; ")
	for _, line := range []string{machine, measured} {
		p.y += 19
		p.write(margin, "quiet", 12.5, "", line)
	}
	if len(shares) > 0 {
		p.heading("Throughput, as a share of the server that it is compared with",
			"hot: of a bare net/http server that answers the same bytes; cold: of the upstream called directly. Full width: 1")
		for _, f := range shares {
			p.bar(f, f.value*shareScale, f.target*shareScale)
		}
	}
	if len(limits) > 0 {
		p.heading("What should stay below a limit", "every bar on a scale of its own, with the limits below each other")
		for _, f := range limits {
			p.bar(f, f.value/f.target*limitScale, limitScale)
		}
	}
	return p.close(where)
}

// charted returns the figures to draw.
func charted(results []result) (shares, limits []figure) {
	for _, r := range results {
		for _, f := range r.figures {
			switch {
			case f.chart == "":
			case f.atMost:
				limits = append(limits, f)
			default:
				shares = append(shares, f)
			}
		}
	}
	return shares, limits
}

func (p *picture) heading(text, explanation string) {
	p.y += 40
	p.write(margin, "text", 15, `font-weight="600"`, text)
	p.y += 18
	p.write(margin, "quiet", 12.5, "", explanation)
	p.y += 10
}

// bar draws one figure: its name, a bar of the given share of the width, and a mark at the target.
func (p *picture) bar(f figure, share, target float64) {
	top := p.y + (rowHeight-barHeight)/2
	length := min(max(share, 0), 1) * barsWidth
	class := "bar"
	if f.target != 0 && !f.met() {
		class = "missed"
	}
	p.y += rowHeight / 2
	if f.detail == "" {
		p.y += 5
		p.write(margin, "text", 13.5, "", f.chart)
	} else {
		p.y -= 3
		p.write(margin, "text", 13.5, "", f.chart)
		p.y += 15
		p.write(margin, "quiet", 11.5, "", f.detail)
	}
	fmt.Fprintf(&p.text, `<rect class="track" x="%d" y="%d" width="%d" height="%d" rx="3"/>`+"\n", barsLeft, top, barsWidth, barHeight)
	fmt.Fprintf(&p.text, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>`+"\n", class, barsLeft, top, length, barHeight)
	p.y = top + barHeight - 3
	p.write(barsLeft+barsWidth+10, "text", 13.5, `font-weight="600"`, f.String())
	if f.target != 0 {
		x := barsLeft + target*barsWidth
		fmt.Fprintf(&p.text, `<line class="target" x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke-width="2"/>`+"\n", x, x, top-4, top+barHeight+4)
		p.y = top + barHeight + 13
		p.write(x, "quiet", 10.5, `text-anchor="middle"`, f.goal())
	}
	p.y = top + (rowHeight+barHeight)/2 + 2
}

// write writes text on the current line.
func (p *picture) write(x float64, class string, size float64, attributes, text string) {
	fmt.Fprintf(&p.text, `<text class="%s" x="%.1f" y="%d" font-size="%g" %s>%s</text>`+"\n", class, x, p.y, size, attributes, escaped(text))
}

// close puts the frame around what was drawn.
func (p *picture) close(description string) []byte {
	p.y += 22
	p.write(margin, "quiet", 11.5, "", "| marks the target; a bar that misses it has another colour")
	height := p.y + margin - 8
	var whole bytes.Buffer
	fmt.Fprintf(&whole, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title description">
<title id="title">ordergraph under load</title>
<desc id="description">%[3]s</desc>
<style>%[4]s</style>
<rect class="card" x="0.5" y="0.5" width="%[5]d" height="%[6]d" rx="8"/>
`, pictureWidth, height, escaped(description), pictureStyle, pictureWidth-1, height-1)
	whole.Write(p.text.Bytes())
	whole.WriteString("</svg>\n")
	return whole.Bytes()
}

func escaped(text string) string {
	var buffer bytes.Buffer
	if err := xml.EscapeText(&buffer, []byte(text)); err != nil {
		panic(err) // A buffer takes everything.
	}
	return buffer.String()
}
