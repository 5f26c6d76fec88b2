"""The real-time loop: take in, send what is due, tell of it, and wait for what comes next."""

from __future__ import annotations

import logging
import math
import sys
from dataclasses import replace

from pocket_core.engine import Engine
from pocket_core.errors import MidiSystemError, TakeError
from pocket_core.habits import UNKNOWN, Habits
from pocket_core.predict import Predictor
from pocket_core.status import Counts
from pocket_core.types import Due, Seconds
from pocketd.backends.protocol import Backend, Incoming
from pocketd.casting import Cast
from pocketd.champion_watch import ChampionWatch
from pocketd.config import Config
from pocketd.copyist import Copyist
from pocketd.desk_answers import SongAnswer, decode_answer
from pocketd.guard import Guard
from pocketd.intake import AWAY, Intake, earliest
from pocketd.model import OnnxPredictor
from pocketd.notify import Notifier
from pocketd.outbox import Outbox
from pocketd.reload import Reloaded, Reloader
from pocketd.reporter import Happened, Reporter
from pocketd.requests import Requests
from pocketd.song_clock import song_clock
from pocketd.song_keeper import SongKeeper
from pocketd.source_keeper import SourceKeeper
from pocketd.sources.choice import Choice
from pocketd.sweeper import Sweeper
from pocketd.urgency import hurry

log = logging.getLogger(__name__)

LATE_COMMIT_POLL = Seconds(0.001)  # so soon is an onset heard while hits wait for it
POLL = Seconds(0.003)  # otherwise while it runs; less than the guard, so that no hit is late for it
WOKEN_POLL = Seconds(0.010)  # where the back end wakes for what arrives
STILL_POLL = Seconds(0.030)  # while the transport stands: all that comes leaves a look-ahead later
STILL_WOKEN_POLL = Seconds(0.1)  # the same where the back end wakes
SLACK = Seconds(0.001)  # with less than this until the next hit, the desk has to wait
LATE = Seconds(0.005)  # a hit sent this much behind its time counts as late
LINGER = Seconds(0.100)  # how long notes may sound on after the last hit has left, at exit
HEAR_EVERY = Seconds(0.050)  # between two looks at what the desk answers
SWITCH = Seconds(0.0005)  # the longest that a reload's thread keeps the loop from running
GOODBYE = Seconds(1.0)  # the desk's time to take what waits, at exit


class Loop:
    """Drives an engine by a back end.

    Args:
        config: How to play.
        backend: The ports, open; the loop closes them.
        predictor: The model.
        outbox: Where records for the desk go; the loop closes it.
        requests: What is asked of the loop.
        reloader: Answers `requests.reload`; None: nothing does.
        watch: Sees another champion between takes; None: nobody does.
        notifier: Tells systemd how it goes; None: it is not told.
        copyist: Says who plays from where on, beginning with `predictor`; None: nobody else.
        habits: The drummer whom the drums shall be like.
        source: Where the drums come from, closed by the loop; None: always from the DAW as it plays.
    """

    def __init__(
        self,
        config: Config,
        backend: Backend,
        predictor: Predictor,
        *,
        outbox: Outbox,
        requests: Requests,
        reloader: Reloader | None = None,
        watch: ChampionWatch | None = None,
        notifier: Notifier | None = None,
        copyist: Copyist | None = None,
        habits: Habits = UNKNOWN,
        source: Choice | None = None,
    ) -> None:
        self._clock = song_clock(config)
        self._timing = backend.timing
        self.engine = Engine(config.settings(self._timing), self._clock, predictor, habits)
        self.worst_lateness = Seconds(0.0)  # of any message sent so far
        self._config = config
        self._backend = backend
        self._predictor = predictor
        self._requests = requests
        self._reloader = reloader
        self._watch = watch
        self._notifier = notifier or Notifier()
        self._copyist = copyist or Copyist(Cast(predictor))
        self._guard = Guard(self.fault)
        self._sources = SourceKeeper(source, self.engine)
        self._intake = Intake(self.engine, self._clock, source, self._guard)
        self._outbox = outbox
        self._reporter = Reporter(outbox.offer, self.engine, self._clock, lambda: self.counts, backend)
        self._until = backend.now()  # all that is due by then has left
        self._hears = Seconds(0.0)  # what the desk answers, from then on
        self._late = 0  # hits
        self._unsent = 0  # hits that the back end would not take
        self._sweeper = Sweeper()
        backend.declare(self.engine.settings.look_ahead)
        self._songs = SongKeeper(config, self.engine)
        self._song = (self._songs.name, self._songs.recognised)  # as it was last told
        self._hello()

    def run(self) -> None:
        """Turn until asked to stop, then let what waits leave, and close.

        Raises:
            MidiSystemError: The MIDI system has gone; everything is closed all the same.
        """
        sys.setswitchinterval(SWITCH)
        self._sweeper.begin()
        self._hurry()
        self._notifier.ready()
        try:
            while not self._requests.stop:
                self.turn()
            self._notifier.stopping()
            self.finish()
        except MidiSystemError as error:
            self.fault("midi", str(error))
            raise
        finally:
            self._sweeper.end()
            self._reporter.bye(self._backend.now())
            self._outbox.close(GOODBYE)
            self._sources.close()
            self._backend.close()

    def turn(self) -> None:
        """Do what there is to do now, then wait for what comes next."""
        self._look_after()
        self._notifier.alive(self._backend.now())
        came = self._backend.poll()
        in_time = self._backend.now() - self._until < AWAY  # else what came says if the clock goes on at all
        sent = self._send_due(self._backend.now()) if in_time else []  # an onset causes nothing before now
        told = self._until
        arrived = self._intake.hear(came, self._backend.now())
        now = self._backend.now()
        sent += self._send_due(now)
        self._guard.safely(lambda: self._follow_source(now), None)
        self._serve(now)
        self._guard.safely(lambda: self._switch(now), None)
        self._tell(arrived, told, sent, now)
        self._rest()

    def _look_after(self) -> None:
        """See how the MIDI system is."""
        self._reporter.fault(self._backend.now(), "midi system", self._backend.check())
        timing = self._backend.timing
        if timing != self._timing:
            self._timing = timing
            self.engine.configure(self._config.fitted(self.engine.settings, timing))
            self._hello()

    def _hurry(self) -> None:
        """Run before others, where the MIDI system wants that and the user may."""
        wanted = self._backend.priority
        slow = "" if wanted is None else hurry(wanted)
        if slow:
            log.warning("%s", slow)

    def finish(self) -> None:
        """Take in what has come, and let everything leave in its time, at most look-ahead and then some."""
        told = self._until
        arrived = self._intake.hear(self._backend.poll(), self._backend.now())
        now = self._backend.now()
        self._tell(arrived, told, self._send_due(now), now)
        self.engine.flush(now)
        self._intake.flush(now)
        settings, stumbles = self.engine.settings, self.stumbles
        last = Seconds(now + settings.look_ahead + settings.max_late + LINGER)
        while (leaves := self._leaves()) is not None and leaves < last and stumbles == self.stumbles:
            self._backend.wait(leaves)
            self._backend.check()
            now = self._backend.now()
            self._tell([], now, self._send_due(now), now)
        self._tell([], now, self._send_due(Seconds(math.inf)), now)

    def fault(self, about: str, text: str) -> None:
        """Show a fault in the meter; an empty text: it is mended."""
        self._reporter.fault(self._backend.now(), about, text)

    @property
    def stumbles(self) -> int:
        """Exceptions that have cost a message or a turn."""
        return self._guard.stumbles

    @property
    def counts(self) -> Counts:
        """What went through the engine and out of the back end."""
        counts = self.engine.counts
        return replace(counts, events_out=counts.events_out - self._unsent, late=counts.late + self._late)

    def _leaves(self) -> Seconds | None:
        """Return when something is to be sent next; None: nothing waits."""
        return earliest(self.engine.next_due(), self._intake.passing_at())

    def _send_due(self, now: Seconds) -> list[Due]:
        """Send what is due by now, and return it."""
        until = Seconds(math.nextafter(now, math.inf))  # `now` itself included
        self._until = now
        due = self._guard.safely(lambda: self.engine.take_due(until), list[Due]())
        for message in due:
            hit = message.data[0] & 0xF0 == 0x90
            if not self._send(message):
                self._unsent += hit
                continue
            lateness = Seconds(self._backend.now() - message.at)
            self.worst_lateness = max(self.worst_lateness, lateness)
            self._late += hit and lateness > LATE
        passing = self._intake.take_passing(until)
        for message in passing:
            self._send(message)
        return due + passing

    def _send(self, message: Due) -> bool:
        """Hand a message to the back end; False: it would not take it."""
        try:
            self._backend.send(message)
        except MidiSystemError:
            raise
        except Exception as error:  # of whatever the MIDI library raises
            self._guard.stumble("midi", error)
            return False
        return True

    def _tell(self, arrived: list[Incoming], told: Seconds, sent: list[Due], now: Seconds) -> None:
        """Report a turn, after its notes have left."""
        fault = self._predictor.fault if isinstance(self._predictor, OnnxPredictor) else None
        self._reporter.fault(now, "model", fault or "")
        happened = self._guard.safely(self._happened, Happened([], [], []))
        self._guard.safely(lambda: self._songs.hear(arrived), None)
        self._guard.safely(self._tell_song, None)
        self._guard.safely(lambda: self._reporter.turn(arrived, told, sent, happened, now), None)
        self._guard.safely(lambda: self._songs.follow(happened.memories), None)
        self._guard.safely(self._tell_song, None)
        self._guard.safely(lambda: self._follow_score(happened, now), None)

    def _happened(self) -> Happened:
        engine = self.engine
        return Happened(
            self._intake.take_changes(),
            engine.take_records(),
            engine.take_memories(),
            self._intake.take_generated(),
        )

    def _follow_source(self, now: Seconds) -> None:
        """Let the engine know where the drums come from, and everybody else."""
        self._reporter.fault(now, "source", self._sources.fault)
        config = self._sources.follow(self._config)
        if config is not self._config:
            self._config = config
            self._hello()

    def _follow_score(self, happened: Happened, now: Seconds) -> None:
        """Let whoever is to play from here on play."""
        copyist, settings = self._copyist, self.engine.settings
        copyist.turn(happened.changes, happened.records, settings, self._clock, now)
        if copyist.player is not self._predictor:
            self._use(copyist.player)
            self._hello()
        self._reporter.fault(now, "score", copyist.notice)

    def _tell_song(self) -> None:
        if self._song != (self._songs.name, self._songs.recognised):
            self._hello()

    def _hear_desk(self) -> None:
        """Take in what the desk says of songs, and of wishes."""
        for line in self._outbox.hear():
            try:
                answer = decode_answer(line)
                if isinstance(answer, SongAnswer):
                    self._songs.learn(answer)
                else:
                    self._sources.wish(answer)
            except TakeError as error:
                log.warning("%s", error)
        self._tell_song()

    def _use(self, predictor: Predictor) -> None:
        self.engine.use(predictor)
        self._predictor = predictor

    def _hello(self) -> None:
        """Say who plays what from here on."""
        backend, predictor, songs = self._backend, self._predictor, self._songs
        self._song = (songs.name, songs.recognised)
        song, recognised = self._song
        late = Seconds(0.0)
        if isinstance(predictor, OnnxPredictor) and not recognised:  # else all drums would jump in mid-take
            late = predictor.late_in(song)
        if late != self.engine.settings.song_late:
            self.engine.configure(replace(self.engine.settings, song_late=late))
        self._reporter.hello(
            backend.now(),
            backend.name,
            self._config,
            predictor,
            song,
            recognised=recognised,
            timing=self._timing,
        )
        named = "" if song is None else f", song {song}"
        self._notifier.status(f"model {predictor.name}{named}, {backend.name}")

    def _rest(self) -> None:
        """Wait for the next hit or the next poll."""
        running = self._clock.running
        backend = self._backend
        leaves = earliest(self._guard.safely(self._leaves, None), self._intake.next_at())
        now = backend.now()
        slack = leaves is None or leaves > now + SLACK
        if slack:
            self._outbox.pump()
            if now >= self._hears:
                self._hears = Seconds(now + HEAR_EVERY)
                self._guard.safely(self._hear_desk, None)
        self._sweeper.turn(now, running=running, idle=slack and self.engine.idle)
        settings = self.engine.settings
        often = LATE_COMMIT_POLL if settings.late_commit or self._intake.plays else POLL
        often = WOKEN_POLL if backend.wakes else often
        seldom = STILL_WOKEN_POLL if backend.wakes else min(STILL_POLL, settings.look_ahead / 2)
        seldom = often if self._intake.plays else seldom
        poll = Seconds(now + (often if running else seldom))
        if leaves is not None and leaves <= poll and not self._guard.stumbled:
            backend.wait(leaves)
        else:
            backend.doze(poll)
        self._guard.stumbled = False

    def _serve(self, now: Seconds) -> None:
        """Start a reload that was asked for, and take over what one has read."""
        if self._reloader is None:
            return
        if self._requests.reload and not self._reloader.under_way:  # what is read by now may be old
            self._requests.reload = False
            self._notifier.reloading()
            self._reloader.start()
        outcome = self._reloader.take()
        if outcome is None:
            return
        if isinstance(outcome, Reloaded):
            self.take_over(outcome)
        else:
            log.error("%s; going on as before", outcome)
            self._reporter.fault(now, "config", str(outcome))
        self._notifier.ready()

    def _switch(self, now: Seconds) -> None:
        """Let another champion play; only between takes, and while nothing waits."""
        if self._watch is None:
            return
        if self._clock.running:
            self._watch.make_way()
        if self._clock.running or not self.engine.idle:
            return
        found = self._watch.turn(now, self._config, self._songs.name, self._copyist.cast)
        if found is None:
            return
        if found.fault:
            log.error("%s", found.fault)
        self._reporter.fault(now, "model file", found.fault)
        if found.cast is not None:
            self._copyist = Copyist(found.cast)
            self._use(found.cast.player)
            self._hello()

    def take_over(self, new: Reloaded) -> None:
        """Play by a new configuration, as far as that can be, and by a new model if it is another one."""
        stuck = Config.changed_needing_restart(self._config, new.config)
        asked = new.config.with_values_of(self._config, stuck)
        config = asked.model_copy(update={"source": self._config.source})  # until the next bar line
        text = f"a change of {', '.join(stuck)} needs a restart of pocketd" if stuck else ""
        if stuck:
            log.warning("%s", text)
        self.fault("config", text)
        self.engine.configure(config.settings(self._timing))
        self._sources.configure(asked, new.file)
        self._backend.declare(self.engine.settings.look_ahead)
        if new.cast is not None and not new.cast.is_as(self._copyist.cast):
            self._copyist = Copyist(new.cast)
            self._use(new.cast.player)
        if new.model_fault is not None:
            log.error("%s; going on with model %s", new.model_fault, self._predictor.name)
        elif self._watch is not None:
            self._watch.forget()
        self.fault("model file", new.model_fault or "")
        self._config = config
        self._songs.configure(config)
        self._hello()
