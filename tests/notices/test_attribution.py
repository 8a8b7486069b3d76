"""The blamed line is the caller's own.

The table is the `Cases` below. A comment `# calls N in NAME` marks each line that must be blamed,
how often, and for which function (the case's own, where no name is given).
"""


# ruff: noqa: N805 -- a case is a plain function; the class only gives it a name.

import _thread
import asyncio
import contextlib
import functools
import inspect
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shim.notices import Notice, noticed, policy_changed, usage
from shim.notices._frames import Caller, FrameRole, blame, describe

# --- what applications wrap their calls in ---------------------------------------------------


def wraps(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def nameless(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def wraps_async(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


class Wrap:
    """A decorator written as a class."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def method(self, *args, **kwargs):
        return self.function(*args, **kwargs)


class Retrying:
    """A decorator in the manner of tenacity."""

    def __call__(self, fn, *args, **kwargs):
        return fn(*args, **kwargs)

    def wraps(self, function):
        @functools.wraps(function)
        def wrapped(*args, **kw):
            return self(function, *args, **kw)

        return wrapped


class Proxy:
    """A decorator in the manner of wrapt."""

    def __init__(self, wrapped, wrapper):
        self.__wrapped__ = wrapped
        self.wrapper = wrapper

    def __call__(self, *args, **kwargs):
        return self.wrapper(self.__wrapped__, None, args, kwargs)


def wrapt_style(wrapped, instance, args, kwargs):  # noqa: ARG001 -- wrapt's signature.
    return wrapped(*args, **kwargs)


class Slotted:
    """Has no `__dict__` to look into, and nothing to do with it."""

    __slots__ = ("function",)

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


HELD: dict[str, object] = {}


@contextlib.contextmanager
def nothing():
    yield


# --- the table -------------------------------------------------------------------------------


class Cases:
    """One method a case. It gets the doors, and must return nothing."""

    def plain(door, _):
        door()  # calls 1

    def repeated(door, _):
        for _ in range(12):
            door()  # calls 12

    def many_lines(door, _):
        door(  # calls 1
            "token",
            status=2,
        )

    def method(door, _):
        class Legacy:
            def go(self):
                door()  # calls 1 in method.<locals>.Legacy.go

        Legacy().go()

    def classmethods(door, _):
        class Legacy:
            @classmethod
            def go(cls):
                door()  # calls 1 in classmethods.<locals>.Legacy.go

            @staticmethod
            def stay():
                door()  # calls 1 in classmethods.<locals>.Legacy.stay

            @property
            def own(self):
                return door()  # calls 1 in classmethods.<locals>.Legacy.own

        Legacy.go()
        Legacy.stay()
        assert Legacy().own

    def partial(door, _):
        functools.partial(door, "token")()  # calls 1

    def decorator(door, _):
        decorated = wraps(door)
        decorated()  # calls 1
        decorated()  # calls 1

    def decorator_in_a_loop(door, _):
        decorated = wraps(door)
        for _ in range(12):
            decorated()  # calls 12

    def decorators(door, _):
        decorated = wraps(wraps(wraps(door)))
        decorated()  # calls 1

    def decorators_without_names(door, _):
        decorated = nameless(nameless(nameless(door)))
        decorated()  # calls 1

    def decorator_of_a_partial(door, _):
        decorated = wraps(functools.partial(door, status=2))
        decorated()  # calls 1

    def decorator_class(door, _):
        decorated = Wrap(door)
        decorated()  # calls 1
        nameless(decorated)()  # calls 1
        nameless(decorated.method)()  # calls 1
        functools.update_wrapper(Wrap(door), door)()  # calls 1

    def decorator_that_retries(door, _):
        decorated = Retrying().wraps(door)
        decorated()  # calls 1
        Retrying()(door)  # calls 1

    def decorator_of_wrapt(door, _):
        decorated = Proxy(door, wrapt_style)
        decorated()  # calls 1

    def decorator_given_all_as_arguments(door, _):
        def apply(*args, **kwargs):
            return args[0](*args[1:], **kwargs)

        apply(door, "token")  # calls 1

    def decorator_by_context_manager(door, _):
        decorated = nothing()(door)
        decorated()  # calls 1

    def decorated_in_a_class(door, _):
        class Legacy:
            go = staticmethod(wraps(door))
            send = functools.partialmethod(wraps(door), status=2)

        Legacy.go()  # calls 1
        Legacy().send()  # calls 1

    def own_function_is_decorated(door, _):
        @wraps
        def own():
            door()  # calls 2 in own_function_is_decorated.<locals>.own

        own()
        own()

    def no_decorator_but_any_arguments(door, _):
        HELD["door"] = door

        def own(*args, **kwargs):
            imported = HELD["door"]
            imported(*args, **kwargs)  # calls 1 in no_decorator_but_any_arguments.<locals>.own

        own()

    def lambdas(door, _):
        go = lambda: door()  # noqa: E731, PLW0108  # calls 1 in lambdas.<locals>.<lambda>
        go()

    def comprehensions(door, _):
        [door() for _ in range(3)]  # calls 3
        {door() for _ in range(3)}  # calls 3
        {n: door() for n in range(3)}  # calls 3
        list(door() for _ in range(3))  # noqa: C400  # calls 3
        [[door() for _ in range(2)] for _ in range(2)]  # calls 4

    def generator(door, _):
        def produce():
            yield door()  # calls 1 in generator.<locals>.produce
            yield door()  # calls 1 in generator.<locals>.produce

        list(produce())

    def maps(door, _):
        list(map(door, "ab"))  # calls 2

    def sort_key(door, _):
        sorted("ab", key=door)  # calls 2

    def one_line(door, _):
        door(), door()  # calls 1, 1

    def finally_clause(door, _):
        for number in range(4):
            with contextlib.suppress(ZeroDivisionError):
                try:
                    assert 1 // (number % 2)
                finally:
                    door()  # calls 4

    def through_builtins(door, _):
        decorated = wraps(door)
        for _ in range(40):
            list(map(decorated, "a"))  # calls 40

    def thread(door, _):
        def work():
            door()  # calls 1 in thread.<locals>.work

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()

    def executor(door, _):
        def work():
            door()  # calls 2 in executor.<locals>.work

        with ThreadPoolExecutor() as pool:
            pool.submit(work).result()
            pool.submit(work).result()

    def awaited(_, door):
        async def main():
            await door()  # calls 1 in awaited.<locals>.main

        asyncio.run(main())

    def awaited_later(_, door):
        async def main():
            call = door()  # calls 1 in awaited_later.<locals>.main
            await asyncio.sleep(0)
            await call

        asyncio.run(main())

    def run_directly(_, door):
        asyncio.run(door())  # calls 1

    def awaited_partial(_, door):
        async def main():
            await functools.partial(door, "token")()  # calls 1 in awaited_partial.<locals>.main

        asyncio.run(main())

    def tasks(_, door):
        async def main():
            await asyncio.create_task(door())  # calls 1 in tasks.<locals>.main
            await asyncio.wait_for(door(), 5)  # calls 1 in tasks.<locals>.main
            await asyncio.shield(door())  # calls 1 in tasks.<locals>.main

        asyncio.run(main())

    def gathered(_, door):
        async def main():
            await asyncio.gather(
                door(),  # calls 1 in gathered.<locals>.main
                door(),  # calls 1 in gathered.<locals>.main
                *(door() for _ in range(3)),  # calls 3 in gathered.<locals>.main
            )

        asyncio.run(main())

    def task_group(_, door):
        async def main():
            async with asyncio.TaskGroup() as group:
                group.create_task(door())  # calls 1 in task_group.<locals>.main

        asyncio.run(main())

    def async_decorator(_, door):
        async def main():
            await wraps_async(door)()  # calls 1 in async_decorator.<locals>.main
            await wraps(door)()  # calls 1 in async_decorator.<locals>.main
            await wraps_async(wraps_async(door))()  # calls 1 in async_decorator.<locals>.main
            await asyncio.create_task(wraps(door)())  # calls 1 in async_decorator.<locals>.main

        asyncio.run(main())

    def async_comprehension(_, door):
        async def main():
            [await door() for _ in range(2)]  # calls 2 in async_comprehension.<locals>.main

        asyncio.run(main())

    def async_generator(_, door):
        async def produce():
            yield await door()  # calls 1 in async_generator.<locals>.produce

        async def main():
            assert [item async for item in produce()]

        asyncio.run(main())

    def to_thread(door, _):
        def work():
            door()  # calls 1 in to_thread.<locals>.work

        asyncio.run(asyncio.to_thread(work))

    def run_in_executor(door, _):
        def work():
            door()  # calls 1 in run_in_executor.<locals>.work

        async def main():
            await asyncio.get_running_loop().run_in_executor(None, work)

        asyncio.run(main())


NEEDS = {"task_group": (3, 11), "finally_clause": (3, 11)}
MARK = re.compile(r"# calls (?P<counts>[\d, ]+\d|\d+)(?: in (?P<function>\S+))?$")


def name_known(qualified):
    """A function's name as this Python knows it: 3.10 has only the last part."""
    return qualified if sys.version_info >= (3, 11) else qualified.rpartition(".")[2]


def expected_of(case):
    """The marks of a case: (line, function, calls) for each site."""
    lines, first = inspect.getsourcelines(case)
    for number, line in enumerate(lines, first):
        if mark := MARK.search(line):
            function = name_known(f"Cases.{mark['function'] or case.__name__}")
            for count in mark["counts"].split(", "):
                yield number, function, int(count)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=name,
            marks=pytest.mark.skipif(
                sys.version_info < NEEDS.get(name, ()), reason="a newer Python, for its syntax"
            ),
        )
        for name, case in vars(Cases).items()
        if inspect.isfunction(case)
    ],
)
class TestTable:
    def test_blames_the_marked_lines(self, case, door, async_door):
        """Each marked line is blamed, for the right function, as often as it called."""
        case(door, async_door)
        sites = usage()
        seen = sorted((site.caller_line, site.caller_function, site.calls) for site in sites)
        assert seen == sorted(expected_of(case))
        assert {site.caller_file for site in sites} == {__file__}
        assert {site.caller_module for site in sites} == {__name__}

    def test_blames_them_again(self, case, door, async_door):
        """What is remembered of the first time leads to the same sites, with caches and without."""
        case(door, async_door)
        case(door, async_door)
        policy_changed()
        case(door, async_door)
        seen = sorted((site.caller_line, site.caller_function, site.calls) for site in usage())
        assert seen == sorted(
            (line, function, 3 * calls) for line, function, calls in expected_of(case)
        )


def the_site():
    (site,) = usage()
    return site


class TestNobodysLine:
    """Where no line of the application made the call, the nearest line is blamed."""

    def test_bare_thread(self, door):
        """A thread's target has no caller but the thread."""
        for _ in range(3):
            thread = threading.Thread(target=door)
            thread.start()
            thread.join()
        assert (the_site().caller_module, the_site().calls) == ("threading", 3)

    def test_bare_executor(self, door):
        """Nor has what an executor is given."""
        with ThreadPoolExecutor() as pool:
            pool.submit(door).result()
        assert the_site().caller_module == "concurrent.futures.thread"

    def test_bare_to_thread(self, door):
        """Nor what asyncio sends to a thread."""
        asyncio.run(asyncio.to_thread(door))
        assert the_site().caller_module == "concurrent.futures.thread"

    def test_decorated_thread(self, door):
        """A decorator at least belongs to the application."""
        for target in (door, wraps(door), wraps(door)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
        by_module = {site.caller_module: site.calls for site in usage()}
        assert by_module == {"threading": 1, __name__: 2}

    def test_decorated_task(self, async_door):
        """A task runs the decorator when the line that made it is long past."""

        async def main():
            for _ in range(3):
                await asyncio.create_task(wraps_async(async_door)())

        asyncio.run(main())
        assert the_site().caller_function.endswith("wrapper")
        assert the_site().calls == 3

    def test_thread_without_a_frame(self, door):
        """Below a thread started by hand there is nothing at all."""
        done = threading.Event()

        def forward(*args, **kwargs):
            door(*args, **kwargs)
            done.set()

        _thread.start_new_thread(forward, ())
        assert done.wait(10)
        assert the_site().caller_function.endswith("forward")

    def test_slots_hide_the_door(self, door):
        """A decorator that shows nothing of what it holds is blamed itself."""
        Slotted(door)()
        assert the_site().caller_function.endswith("__call__")


def in_module(module, text, **names):
    """Run text as if it were a module."""
    exec(compile(text, f"{module}.py", "exec"), {"__name__": module, **names})


class TestModules:
    def test_package_is_looked_through(self, door):
        """The package's own frames are never to blame."""
        for module in ("shim", "shim.gateway.app"):
            in_module(module, "door()", door=door)
        # One line of this file's, that of in_module, is behind both.
        assert (the_site().caller_module, the_site().calls) == (__name__, 2)

    def test_similar_names_are_not_the_package(self, door):
        """A similar name is another package."""
        for module in ("shimmer", "shim_helpers", "threading_tools"):
            in_module(module, "door()", door=door)
        assert [site.caller_module for site in usage()] == [
            "shimmer",
            "shim_helpers",
            "threading_tools",
        ]

    def test_package_in_a_thread(self, door):
        """Where only the package's frames are left, the nearest is blamed."""
        names = {"door": door, "__name__": "shim.gateway.app"}
        exec(compile("def run(): door()", "app.py", "exec"), names)
        run = names["run"]
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert the_site().caller_module == "shim.gateway.app"

    def test_listed_modules_are_looked_through(self, door, policy):
        """The application may name helpers of its own that are never to blame."""
        policy.turn("log", look_through=("acme.http", "acme.sync"))
        in_module("acme.http", "door()", door=door)
        in_module("acme.sync.deep", "door()", door=door)
        in_module("acme.synchronous", "door()", door=door)
        assert [(site.caller_module, site.calls) for site in usage()] == [
            (__name__, 2),
            ("acme.synchronous", 1),
        ]

    def test_list_can_change(self, door, policy):
        """A new list counts from the next call on, for places known before, too."""

        def go():
            in_module("acme.http", "\n\ndoor()", door=door)

        go()
        policy.turn("log", look_through=("acme",))
        go()
        assert [site.caller_module for site in usage()] == ["acme.http", __name__]

    def test_module_without_a_name(self, door):
        """Text that is run without a module has a line, and no module."""
        for name in ({}, {"__name__": None}):
            exec(compile("\ndoor()", "legacy.py", "exec"), {"door": door, **name})
        assert {site.caller_file for site in usage()} == {"legacy.py"}

    def test_text_run_again_is_one_site(self, door):
        """A reloaded module's line is the line it was."""
        for _ in range(3):
            in_module("legacy", "door()", door=door)
        assert (the_site().caller_file, the_site().calls) == ("legacy.py", 3)

    def test_module_level_comprehension(self, door):
        """A comprehension outside of any function belongs to the module."""
        in_module("legacy", "[door() for _ in 'ab']; list(door() for _ in 'ab')", door=door)
        assert {site.caller_function for site in usage()} == {"<module>"}
        assert sum(site.calls for site in usage()) == 4

    def test_generator_expression_that_another_file_consumes(self, door):
        """Its own line is blamed; Python 3.10 cannot tell which function it is written in."""
        names = {"__name__": "acme.batches"}
        exec(compile("def drain(them):\n    for _ in them: pass", "batches.py", "exec"), names)
        names["drain"](door() for _ in range(3))
        assert the_site().calls == 3
        assert the_site().caller_module == __name__
        writer = "test_generator_expression_that_another_file_consumes"
        known = sys.version_info >= (3, 11)
        assert the_site().caller_function.rpartition(".")[2] == (writer if known else "<genexpr>")


class TestLazyObjects:
    def test_nothing_of_the_arguments_is_run(self, door):
        """Looking for the door among a decorator's arguments wakes no lazy object."""

        class Lazy:
            def __getattribute__(self, name):
                raise AssertionError(name)

            def __eq__(self, other):
                raise AssertionError

            __hash__ = None

        def forward(lazy, *args, **kwargs):
            assert [lazy, *args]
            return door(**kwargs)

        forward(Lazy(), Lazy())
        assert the_site().caller_function.endswith("test_nothing_of_the_arguments_is_run")

    def test_endless_wrapping_ends(self, door):
        """A cycle of `__wrapped__` is given up."""

        def cyclic():
            raise AssertionError

        cyclic.__wrapped__ = cyclic

        def forward(function, *args, **kwargs):
            assert function
            return HELD["door"](*args, **kwargs)

        HELD["door"] = door
        forward(cyclic)
        assert the_site().caller_function.endswith("forward")


class TestDescribe:
    def test_frames_are_put_into_words(self):
        """File, line, module and function, and no value."""
        here = describe(sys._getframe())  # noqa: SLF001
        line = inspect.getsourcelines(type(self).test_frames_are_put_into_words)[1] + 2
        name = name_known("TestDescribe.test_frames_are_put_into_words")
        assert here == Caller(__file__, line, __name__, name)


class TestBlame:
    def test_bottom_of_the_stack(self):
        """Where the stack ends, the nearest forwarding frame is blamed."""
        frame = (n for n in "a").gi_frame
        assert frame.f_back is None
        found = blame(frame, lambda _frame, _callee: FrameRole.FORWARDS)
        assert (found.frame, found.stranded) == (frame, True)


class TestPosition:
    def test_without_columns(self, door):
        """Code without columns is told apart by its instructions."""
        code = compile("door(), door()", "legacy.py", "exec")
        if sys.version_info >= (3, 11):  # Eight instructions an entry, of the kind without columns.
            code = code.replace(co_linetable=bytes([0b11101000 | 7, 0] * (len(code.co_code) // 16)))
        for _ in range(2):
            exec(code, {"door": door})
        assert [site.calls for site in usage()] == [2, 2]


class TestTwoFunctions:
    def test_each_has_sites_of_its_own(self, door, notice):
        """One line that calls either of two functions is two sites."""
        other = Notice("FXO002", "other", "x", "fxshim explain FXO002", notice.context)
        for each in (door, noticed(lambda: None, other), door):
            each()
        assert [(site.code, site.calls) for site in usage()] == [("FXO001", 2), ("FXO002", 1)]
