--- The templates of the pages. See html.fill for how values get in.
return {
  page = [[<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/style.css"></head><body>{{body}}</body></html>
]],

  login = [[<main class="login"><h1>Mail</h1>{{notice}}
<form method="post" action="/login">
<label>Name <input name="username" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button class="primary">Log in</button></form></main>]],

  notice = [[<p class="notice">{text}</p>]],

  frame = [[<header><a class="brand" href="/">Mail</a>
<form class="search" action="/box" role="search"><input type="hidden" name="box" value="{box}">
<input type="search" name="q" value="{q}" placeholder="Search {box}" aria-label="Search"><button>Search</button></form>
<form method="post" action="/logout"><input type="hidden" name="token" value="{token}">
<span class="who">{username}</span> <button>Log out</button></form></header>
<div class="columns"><nav aria-label="Mailboxes">{{boxes}}</nav><main>{{main}}</main></div>]],

  box = [[<a href="{url}" aria-current="{current}"><bdi>{name}</bdi><span class="count">{unseen}</span></a>]],

  heading = [[<h1><bdi>{box}</bdi> <small>{count}</small></h1>]],
  found = [[<h1><span>“<bdi>{q}</bdi>”</span> <small>in <bdi>{box}</bdi></small>
<a class="button" href="{all}">Show all</a></h1>]],
  list = [[<ol class="messages">{{rows}}</ol>{{older}}]],
  row = [[<li class="{class}">{{flag}}<a href="{url}"><bdi class="from">{from}</bdi>
<bdi class="subject">{subject}</bdi><time>{date}</time></a></li>]],
  older = [[<p><a class="button" href="{url}">Older messages</a></p>]],
  empty = [[<p class="empty">{text}</p>]],

  flag = [[<form method="post" action="/flag"><input type="hidden" name="token" value="{token}">
<input type="hidden" name="box" value="{box}"><input type="hidden" name="uid" value="{uid}">
<input type="hidden" name="validity" value="{validity}"><input type="hidden" name="flag" value="{flag}">
<input type="hidden" name="on" value="{on}"><input type="hidden" name="q" value="{q}">
<input type="hidden" name="before" value="{before}"><input type="hidden" name="back" value="{back}">
<button class="{class}" title="{label}" aria-label="{label}">{text}</button></form>]],

  message = [[<article><p><a href="{back}">← <bdi>{box}</bdi></a></p><h1><bdi>{subject}</bdi></h1>
<dl>{{fields}}</dl><div class="actions">{{actions}}</div>{{body}}{{parts}}</article>]],
  field = [[<dt>{name}</dt><dd><bdi>{value}</bdi></dd>]],
  text = [[<pre class="text" dir="auto">{text}</pre>]],
  formatted = [[<p class="hint">Scripts, links and remote content are blocked.</p>
<iframe sandbox="" referrerpolicy="no-referrer" title="The message" src="{url}"></iframe>]],
  link = [[<a class="button" href="{url}">{text}</a>]],
  parts = [[<h2>{heading}</h2><ul class="parts">{{rows}}</ul>]],
  part = [[<li><a href="{url}"><span class="name"><bdi>{name}</bdi></span> <small>{type}, {size}</small></a></li>]],
}
