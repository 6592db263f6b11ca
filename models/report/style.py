"""How the page looks: light, dark, narrow and on paper; nothing is fetched."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--ground:#fff;--ink:#1c1f23;--quiet:#5c636c;--line:#dfe2e6;
--soft:#f5f6f8;--a:#0b63b5;--b:#c2570c;--c:#0d7f5f;--d:#8b4a8f;--good:#0d7f5f;--bad:#b3401f}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#e7e9ec;--quiet:#a0a7b0;
--line:#30353b;--soft:#1d2125;--a:#6cb0f2;--b:#f0a05c;--c:#5cc7a4;--d:#cf95d2;--good:#5cc7a4;
--bad:#f08b6c}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem 5rem;max-width:70rem;background:var(--ground);
color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:3rem 0 .6rem;padding-top:1.2rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.8rem 0 .4rem}
p{max-width:44rem;margin:.5rem 0}.quiet,small{color:var(--quiet)}small{font-size:.8em}
td small{display:block;white-space:nowrap}
.headline{font-size:1.2rem;line-height:1.45;max-width:48rem;margin:1.2rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.75rem;
margin:1.4rem 0}
.tile{background:var(--soft);border-radius:.5rem;padding:.8rem 1rem}
.tile b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span,.tile small{display:block}.tile span{overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:1.2rem 0;font-size:.95rem}
a{color:var(--a)}
.table{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.32rem .9rem .32rem 0;vertical-align:top;
border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--quiet);vertical-align:bottom}
.n{text-align:right;padding:.32rem 0 .32rem 1.1rem;white-space:nowrap}th.n{white-space:normal}
details{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:0 1rem}
summary{cursor:pointer;padding:.6rem 0;font-weight:600}
details[open]{padding-bottom:.9rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1rem 1.6rem}
figure{margin:.6rem 0}.plot{max-width:27rem}.bars{max-width:46rem}
svg{display:block;width:100%;height:auto;font:11.5px system-ui,sans-serif}
pre{overflow-x:auto;background:var(--soft);padding:.7rem 1rem;border-radius:.5rem;font-size:.85rem}
svg text{fill:var(--quiet)}svg .t{fill:var(--ink);font-weight:600}
svg .e{text-anchor:end}svg .m{text-anchor:middle}
.grid,.axis{stroke:var(--line);fill:none}.axis{stroke:var(--quiet)}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.whisker{stroke-width:1.6;opacity:.55}
path.a{stroke:var(--a)}path.b{stroke:var(--b)}path.c{stroke:var(--c)}path.d{stroke:var(--d)}
path.quiet{stroke:var(--quiet);stroke-dasharray:3 3;stroke-width:1.2}
circle.a,rect.more{fill:var(--a)}circle.b,rect.less{fill:var(--b)}circle.c{fill:var(--c)}
circle.d{fill:var(--d)}
.hollow{fill:var(--ground);stroke:var(--quiet);stroke-width:1.5}
figcaption{font-size:.8rem;color:var(--quiet)}
.k{margin-right:.9rem}.k::before{content:"";display:inline-block;width:1.1em;height:0;
border-top:2px solid var(--quiet);margin-right:.35em;vertical-align:.28em}
.k.a::before{border-color:var(--a)}.k.b::before{border-color:var(--b)}
.k.c::before{border-color:var(--c)}.k.d::before{border-color:var(--d)}
.good{color:var(--good)}.bad{color:var(--bad)}
@media (max-width:40rem){body{padding:1.4rem 1rem 3rem}h1{font-size:1.5rem}
.tiles{grid-template-columns:1fr 1fr}
.bars{overflow-x:auto}.bars svg{min-width:34rem}}
@page{margin:16mm 14mm}
@media print{:root{color-scheme:light;--ground:#fff;--ink:#000;--quiet:#444;--line:#ccc;
--soft:#f2f2f2;--a:#0b4f94;--b:#a34305;--c:#0a634a;--d:#6d3470}
body{padding:0;max-width:none;font-size:10pt}nav{display:none}
.table{overflow:visible}table{font-size:8pt}.n{padding-left:.6rem}
thead{display:table-header-group}tr,figure,.tile{break-inside:avoid}
h2,h3,summary{break-after:avoid}
details{border:0;padding:0}details::details-content{content-visibility:visible;block-size:auto}
.plots{grid-template-columns:1fr 1fr 1fr}}
"""
