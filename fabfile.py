"""What `fab` loads: the collection, nothing else."""

from windlass.cli import bytecode, interrupts

interrupts.not_while_loading()
bytecode.keep()

from tasks import namespace  # noqa: E402 - once what is compiled is kept

__all__ = ["namespace"]
