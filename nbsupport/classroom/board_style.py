"""The look of the board, in light and in dark."""

STYLE = """
:root{color-scheme:light dark;
--ink:#1c2733;--quiet:#52606d;--paper:#fff;--box:#eef2f6;--line:#1769aa}
@media (prefers-color-scheme:dark){:root{
--ink:#e8edf2;--quiet:#a9b6c2;--paper:#121212;--box:#222b34;--line:#7cb8ea}}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.45;
font:18px/1.45 Inter,system-ui,"Segoe UI","Helvetica Neue",Arial,"Liberation Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.2rem}
h1{font-size:1.7rem;line-height:1.25;margin:.2em 0 .6em}
h2{font-size:1.2rem;margin:1.6em 0 .3em}
.kicker,.quiet,.remark{color:var(--quiet);font-size:.9rem}
.kicker{margin:0;letter-spacing:.02em}
.count{margin:0;font-size:1.3rem}
.count strong{font-size:2.2rem}
progress{width:100%;height:.9rem;accent-color:var(--line)}
.rule{background:var(--box);border-left:5px solid var(--quiet);padding:.7rem 1rem;margin:1rem 0}
.rule.met{border-color:var(--line)}
.word{color:var(--line)}
figure{margin:.6rem 0}
img{width:100%;height:auto;margin-top:.6rem}
ul{padding-left:1.2rem;margin:.3em 0}
li{overflow-wrap:anywhere}
"""
