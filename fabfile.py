"""What `fab` loads: the collection, nothing else."""

from tasks import namespace

__all__ = ["namespace"]
