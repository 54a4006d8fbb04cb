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
home-next-when = { $weekday }, at { $time }
home-next-site = At the clinic.
home-next-video = By video.
home-next-phone = By phone. We call you.
home-fill = To fill in
home-fill-none = There is nothing to fill in just now.
home-fill-length = { $count } questions.
home-fill-begun = You have done { $done } of { $count }. We kept your answers.
home-fill-begin = Begin
home-fill-go-on = Go on with question { $number }
home-more = More
home-visits = Your visits so far
home-agreed = What you agreed to
home-stop = I want to stop
home-stop-any-time = You can stop at any time and need not say why. We still care for you afterwards.
home-code = Your code is { $code }.

visits-title = Your visits so far
visits-none = You have had no visit yet.
visits-done = { $date }

agreed-title = What you agreed to
agreed-version = You gave your consent on { $date } (text version { $version }).
agreed-none = You have not given a consent yet.
agreed-yes = You said yes
agreed-no = You said no
agreed-text = The text that you read

stop-title = I want to stop
stop-intro = You can stop at any time and need not say why. It changes nothing about how we treat you.
stop-how = Tell anyone in the team, in person or by phone. They will ask what you still want to do, and what not.
stop-after = If you stop the medicine, we would still like to ask you how you are. You can say no to that, too.

back-home = Back to your page
fill-of = Question { $number } of { $count }
fill-next = Next
fill-before = Back
fill-later = Save and come back
fill-kept = We keep your answers as you go.
fill-look = Please look at this again
fill-check = Please check your answers
fill-check-intro = You can still change them. Choose “Send” when they are right.
fill-open = Not answered
fill-change = Change
fill-send = Send
fill-thanks = Thank you. Your answers are in.
