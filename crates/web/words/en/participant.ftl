# Words that participants read. One id a line, Fluent syntax. `{ $name }` is filled in by the page.
# Reading age about 11: short, plain, exact. Unwanted effect, never adverse event; you, never the subject.

skip = Skip to the page
kind-of-data = Kind of data
synthetic-data = Synthetic data. No real participants.
sign-out = Sign out
help-title = Need someone now?
help-line = A person answers, day and night.
help-call = Call { $phone }

home-title = Your page
home-hello = Hello
home-today = Today is { $date }.
home-next = Your next visit
home-next-none = No visit is booked just now. The team will call you.
home-next-when = { $weekday }, { $time }
home-next-place-site = At the clinic.
home-next-place-remote = By video or phone.
home-next-cannot = I can’t come on this day
home-fill = To fill in
home-fill-one = { $form }
home-fill-none = There is nothing to fill in just now.
home-fill-go = Go on
home-more = More
home-visits = Your visits so far
home-agreed = What you agreed to
home-wrong = Something felt wrong
home-stop = I want to stop
home-stop-any-time = You can stop at any time and need not say why. We still care for you afterwards.
home-code = Your code is { $code }.

visits-title = Your visits so far
visits-none = You have had no visit yet.
agreed-title = What you agreed to
agreed-version = Consent version { $version }, given on { $date }.
agreed-none = You have not signed a consent yet.
agreed-read = Read the text
agreed-yes = You said yes
agreed-no = You said no

stop-title = I want to stop
stop-intro = You can stop at any time and need not say why. It changes nothing about how we treat you.
stop-call = Tell anyone in the team, or write here. Someone will call you on the same working day.
stop-words = Anything you want us to know
stop-send = Tell the team
stop-sent = We have your message. Someone will call you.

cannot-title = I can’t come on this day
cannot-intro = Tell us, and we find another day together.
cannot-words = What would suit you better?
cannot-send = Tell the team

wrong-title = Something felt wrong
wrong-intro = Your words go to people who were not in the room with you.
wrong-words = What happened?
wrong-send = Tell the team
message-sent = We have your message.
message-empty = Please write a few words first.

back-home = Back to your page
save-later = Save and come back
fill-send = Send
fill-progress = { $done } of { $all } answered
fill-kept = We keep your answers as you go.
fill-thanks = Thank you. Your answers are in.
fill-again = Please look at this again
fill-missing = Please choose an answer, or say why not
